"""Which project a file belongs to, from anywhere, and where its strategies are."""

from __future__ import annotations

from pathlib import Path

import pytest

from meltica_runtime import resources
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.project import find_project


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder is none of the project's."""
    monkeypatch.delenv("MELTICA_CONFIG_PATH", raising=False)
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a config and a pipeline two folders down."""
    root = tmp_path / "project"
    (root / "config").mkdir(parents=True)
    (root / "pipelines" / "deep").mkdir(parents=True)
    (root / "config" / "app.yaml").write_text("strategies:\n  directory: js\n  requireRegistry: true\n")
    (root / "pipelines" / "deep" / "maker.mel").write_text("pipeline maker\n")
    return root


def pipeline(project: Path) -> Path:
    return project / "pipelines" / "deep" / "maker.mel"


def test_the_nearest_config_above_a_pipeline_makes_the_project(project: Path) -> None:
    found = find_project(pipeline(project), None)
    assert found.root == project
    assert found.config_path == project / "config" / "app.yaml"
    assert found.strategies_dir == project / "js"
    assert found.require_registry


def test_it_is_the_same_project_by_a_relative_path(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project / "pipelines")
    found = find_project(Path("deep/maker.mel"), None)
    assert (found.root, found.strategies_dir) == (project, project / "js")


def test_a_folder_belongs_to_a_project_too(project: Path) -> None:
    assert find_project(project / "pipelines", None).root == project


def test_the_config_in_the_current_folder_is_named_shortly(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert find_project(pipeline(project), None).config_path == Path("config/app.yaml")


def test_without_a_config_the_pipelines_own_folder_is_the_project(tmp_path: Path) -> None:
    (tmp_path / "alone.mel").write_text("pipeline alone\n")
    found = find_project(tmp_path / "alone.mel", None)
    assert (found.root, found.config_path) == (tmp_path, None)
    assert found.strategies_dir == resources.strategies_dir()
    assert not found.require_registry


def test_a_projects_own_strategies_come_before_those_that_are_shipped(tmp_path: Path) -> None:
    (tmp_path / "strategies").mkdir()
    assert find_project(tmp_path / "alone.mel", None).strategies_dir == tmp_path / "strategies"


def test_a_given_config_decides(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "config" / "prod.yaml"
    other.parent.mkdir(parents=True)
    other.write_text("")
    found = find_project(pipeline(project), other)
    assert (found.root, found.config_path) == (tmp_path / "other", other)


def test_a_config_outside_a_config_folder_has_its_own_folder_as_root(tmp_path: Path) -> None:
    path = tmp_path / "gateway.yaml"
    path.write_text("strategies: { directory: mine }\n")
    found = find_project(tmp_path, path)
    assert (found.root, found.strategies_dir) == (tmp_path, tmp_path / "mine")


def test_the_environment_names_a_config(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "named.yaml"
    path.write_text("")
    monkeypatch.setenv("MELTICA_CONFIG_PATH", str(path))
    assert find_project(pipeline(project), None).root == tmp_path
    assert find_project(pipeline(project), project / "config" / "app.yaml").root == project


def test_a_shipped_pipeline_belongs_to_the_current_folder(
    tmp_path: Path, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shipped = tmp_path / "site-packages" / "data"
    (shipped / "pipelines").mkdir(parents=True)
    monkeypatch.setattr(resources, "_SHIPPED", shipped)
    assert find_project(shipped / "pipelines" / "quickstart.mel", None).root == elsewhere


def test_an_absolute_strategies_folder_stays(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_text("strategies: { directory: /srv/strategies }\n")
    assert find_project(tmp_path, path).strategies_dir == Path("/srv/strategies")


@pytest.mark.parametrize(
    "text", ["strategies: 1\n", "strategies: { directory: [a] }\n", "strategies: { requireRegistry: 1 }\n"]
)
def test_a_wrong_value_is_shown_as_the_whole_config_would(tmp_path: Path, text: str) -> None:
    path = tmp_path / "app.yaml"
    path.write_text(text)
    with pytest.raises(ConfigFault) as caught:
        find_project(tmp_path, path)
    assert [diagnostic.code for diagnostic in caught.value.diagnostics] == ["E0922"]


def test_a_config_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="no such file"):
        find_project(tmp_path, tmp_path / "nowhere.yaml")


def test_what_travels_with_the_program_is_found_in_a_checkout() -> None:
    assert any(resources.migrations_dir().glob("*.sql"))
    assert resources.strategies_dir().name == "strategies"
    assert resources.pipelines_dir().name == "pipelines"


def test_an_installed_wheel_has_its_own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "migrations").mkdir()
    monkeypatch.setattr(resources, "_SHIPPED", tmp_path)
    assert resources.migrations_dir() == tmp_path / "migrations"
