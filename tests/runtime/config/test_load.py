"""The config: defaults without a file, every mistake in one run at its place, no secret in any message."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meltica_dsl.diagnostics.codes.table import CODES
from meltica_dsl.diagnostics.render_text import render
from meltica_runtime.config.document import MAX_DEPTH, parse_document
from meltica_runtime.config.fault import ConfigFault
from meltica_runtime.config.load import Config, load_config
from meltica_runtime.store.faults import StoreFault

CHECKOUT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)


def fault_of(tmp_path: Path, text: str) -> ConfigFault:
    path = tmp_path / "app.yaml"
    path.write_text(text)
    with pytest.raises(ConfigFault) as caught:
        load_config(tmp_path, path)
    return caught.value


def loaded(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "app.yaml"
    path.write_text(text)
    return load_config(tmp_path, path)


def pointed_at(fault: ConfigFault) -> list[tuple[str, int, str]]:
    """Code, line and the text under the caret of each diagnostic."""
    source = fault.sources[0]
    return [
        (d.code, source.location(d.span.start).line, source.text[d.span.start : d.span.end])
        for d in fault.diagnostics
    ]


def test_without_a_file_the_defaults_hold(tmp_path: Path) -> None:
    config = load_config(tmp_path, None)
    assert config.api_server.addr == "127.0.0.1:8880"
    assert config.database.dsn.get_secret_value() == "embedded"
    assert config.database.directory == tmp_path / ".meltica" / "postgres"


@pytest.mark.parametrize("text", ["", "# nothing\n", "database:\ntelemetry:\n"])
def test_an_empty_file_or_section_means_the_defaults(tmp_path: Path, text: str) -> None:
    assert loaded(tmp_path, text) == load_config(tmp_path, None)


def test_the_example_holds_every_key_with_its_default(tmp_path: Path) -> None:
    path = CHECKOUT / "config" / "app.yaml.example"
    assert load_config(tmp_path, path) == load_config(tmp_path, None)
    given_keys = {
        (section, key)
        for section, keys in yaml.safe_load(path.read_text()).items()
        for key in (keys if isinstance(keys, dict) else [""])
    }
    known = {
        (field.alias, inner.alias)
        for field in Config.model_fields.values()
        for inner in getattr(field.annotation, "model_fields", {}).values()
    } | {("environment", "")}
    assert given_keys == known


@pytest.mark.parametrize("name", ["app.yaml", "app.ci.yaml"])
def test_the_configs_that_come_along_are_good(name: str) -> None:
    config = load_config(CHECKOUT, CHECKOUT / "config" / name)
    assert config.strategies.directory == CHECKOUT / "strategies"


def test_every_mistake_is_found_in_one_run_at_its_place(tmp_path: Path) -> None:
    fault = fault_of(
        tmp_path,
        """\
enviroment: production
database:
  maxConnection: 8
  minConnections: 20
  maxConnections: 4
  connectTimeout: 10
  commandTimeout: 10 parsecs
  runMigrations: "yes"
apiServer: 8880
eventbus: {groupSize: 0, commitTimeout: 1ms, groupSize: 3}
telemetry:
  otlpEndpoint: ftp://collector
  serviceName: ''
""",
    )
    assert pointed_at(fault) == [
        ("E0921", 1, "enviroment"),
        ("E0921", 3, "maxConnection"),
        ("E0922", 5, "4"),
        ("E0922", 6, "10"),
        ("E0922", 7, "10 parsecs"),
        ("E0922", 8, '"yes"'),
        ("E0922", 9, "8880"),
        ("E0922", 10, "0"),
        ("E0922", 10, "1ms"),
        ("E0923", 10, "groupSize"),
        ("E0922", 12, "ftp://collector"),
        ("E0922", 13, "''"),
    ]


def test_an_unknown_key_suggests_the_nearest_and_a_fix(tmp_path: Path) -> None:
    (diagnostic,) = fault_of(tmp_path, "strategies:\n  requireRegistery: true\n").diagnostics
    assert diagnostic.help == ("did you mean `requireRegistry`?",)
    (fix,) = diagnostic.fixes
    assert [edit.replacement for edit in fix.edits] == ["requireRegistry"]


def test_a_key_that_resembles_none_lists_them_all(tmp_path: Path) -> None:
    (diagnostic,) = fault_of(tmp_path, "apiServer: { banana: 1 }\n").diagnostics
    assert diagnostic.help == ("its keys are addr",)


def test_a_bare_number_for_a_duration_shows_the_fix(tmp_path: Path) -> None:
    (diagnostic,) = fault_of(tmp_path, "database: { connectTimeout: 10 }\n").diagnostics
    assert diagnostic.message == "`database.connectTimeout`: a duration has a unit, such as `10s`"


@pytest.mark.parametrize("address", ["8880", ":8880", "localhost:", "localhost:99999", "localhost:http"])
def test_an_address_needs_a_host_and_a_port(tmp_path: Path, address: str) -> None:
    (diagnostic,) = fault_of(tmp_path, f"apiServer: {{ addr: '{address}' }}\n").diagnostics
    assert "an address is `host:port`" in diagnostic.message


def test_an_address_is_taken_apart(tmp_path: Path) -> None:
    server = loaded(tmp_path, "apiServer: { addr: '[::1]:0' }\n").api_server
    assert (server.host, server.port) == ("::1", 0)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("database: {dsn: embedded\n", "E0920"),
        ("\tdatabase:\n", "E0920"),
        ("- database\n", "E0920"),
        ("embedded\n", "E0920"),
        ("a: 1\n---\nb: 2\n", "E0920"),
        ("environment: !!python/object:os.system x\n", "E0920"),
        ("? [a, b]\n: 1\n", "E0920"),
        ("database: &d {}\neventbus: *d\n", "E0920"),
        ("database: &d {a: *d}\n", "E0920"),
        ("environment: 2024-13-45\n", "E0920"),
        ("[" * 5_000, "E0920"),
        ("database: " + "[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2) + "\n", "E0920"),
        ("environment: \x07\n", "E0920"),
    ],
)
def test_what_is_no_config_at_all_is_one_diagnostic(tmp_path: Path, text: str, code: str) -> None:
    assert code in {diagnostic.code for diagnostic in fault_of(tmp_path, text).diagnostics}


def test_a_missing_file_is_a_diagnostic(tmp_path: Path) -> None:
    with pytest.raises(ConfigFault, match="there is no such file"):
        load_config(tmp_path, tmp_path / "nowhere.yaml")


def test_a_binary_file_is_a_diagnostic(tmp_path: Path) -> None:
    path = tmp_path / "app.yaml"
    path.write_bytes(b"\x00\xff\xfe")
    with pytest.raises(ConfigFault, match="binary"):
        load_config(tmp_path, path)


@pytest.mark.parametrize(
    "text",
    [
        "database: { dsn: 'postgres://me:hunter2@db:port/x', maxConnection: 1 }\n",
        "database:\n  dsn: mysql://me:hunter2@db/x\n",
        "database:\n  dsn: hunter2\n",
        "database: { dsn: 'postgres://me:hunter2@db/x'\n",
        "databse: { dsn: 'postgres://me:hunter2@db/x' }\n",
        "database: { dns: 'postgres://me:hunter2@db/x' }\n",
        "database: { dsn: [hunter2] }\n",
    ],
)
def test_a_password_is_in_no_message(tmp_path: Path, text: str) -> None:
    fault = fault_of(tmp_path, text)
    rendered = render(fault.diagnostics, fault.sources, color=False, width=100)
    assert "hunter2" not in rendered + str(fault) + repr(fault)


def test_a_password_is_in_no_representation(tmp_path: Path) -> None:
    config = loaded(tmp_path, "database: { dsn: 'postgres://me:hunter2@db/x' }\n")
    assert "hunter2" not in repr(config) + str(config) + config.model_dump_json()


def test_the_environment_overrides_the_data_source_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://elsewhere/db")
    config = loaded(tmp_path, "database: { dsn: embedded, maxConnections: 4 }\n")
    assert config.database.dsn.get_secret_value() == "postgres://elsewhere/db"
    assert config.database.max_connections == 4


def test_an_empty_override_counts_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert load_config(tmp_path, None).database.dsn.get_secret_value() == "embedded"


def test_a_wrong_override_names_the_variable_and_not_its_value(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "hunter2")
    with pytest.raises(ConfigFault, match="the environment variable `DATABASE_URL`") as caught:
        load_config(tmp_path, None)
    rendered = render(caught.value.diagnostics, caught.value.sources, color=False, width=100)
    assert "hunter2" not in rendered + str(caught.value)


def test_the_limits_of_the_parts_follow_the_keys(tmp_path: Path) -> None:
    config = loaded(
        tmp_path,
        """\
database: { minConnections: 2, maxConnections: 3, maxConnectionIdle: 1m, commandTimeout: 2s }
eventbus: { groupSize: 10, maxWaiting: 20_000, commitTimeout: 1s }
pools: { openOrders: 7, endedOrders: 8, waitingOrders: 9 }
""",
    )
    pool = config.database.pool_limits()
    assert (pool.min_connections, pool.max_connections, pool.idle_s, pool.command_s) == (2, 3, 60.0, 2.0)
    router = config.router_limits()
    assert (router.commit.group, router.commit.waiting, router.commit.commit_timeout_s) == (10, 20_000, 1.0)
    assert router.venue_queue.orders == 9
    assert router.commit.waiting > router.report_room
    limits = config.pools.engine_limits()
    assert (limits.open_orders, limits.recently_closed) == (7, 8)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet="ab:[]{}#&*!|>'\"-, \n\t?%@`0é漢", max_size=60))
@example("\ufeffa: 1")
@example("a: 0o9")
def test_any_text_is_read_or_complained_about_at_a_place_in_it(text: str) -> None:
    document = parse_document("app.yaml", text)
    for diagnostic in document.diagnostics:
        assert diagnostic.code in CODES
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)


def test_reading_a_config_of_a_pipeline_needs_no_pydantic(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "app.yaml").write_text("strategies: { directory: mine }\n")
    program = (
        "import sys; from pathlib import Path; from meltica_runtime.config.project import find_project;"
        f"find_project(Path({str(tmp_path)!r}), None); print('pydantic' in sys.modules)"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, env=dict(os.environ)
    )
    assert said.stdout.strip() == "False"


def test_store_faults_say_what_where_and_the_way_out() -> None:
    fault = StoreFault("it is gone", place="/data", help="look elsewhere")
    assert str(fault) == "it is gone (/data); look elsewhere"
