"""The project holds itself to its style: sizes, names, and idioms that it does without."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("dsl", "compiler", "runtime")
CODE = (*PACKAGES, "tests")

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
SIZED_SUFFIXES = {".py", ".js", ".j2", ".lark", ".sql"}
NOT_OURS = {"__pycache__", "dist", "build", "node_modules"}

BANNED_MODULES = {"utils", "util", "helpers", "helper", "common", "base", "misc"}
BANNED_CLASS_ENDINGS = ("Manager", "Handler", "Processor", "Helper")
MUTABLE_MAKERS = {"list", "dict", "set", "deque", "defaultdict", "Counter", "OrderedDict", "bytearray"}
MUTATORS = {
    *("append", "add", "update", "setdefault", "pop", "popitem", "clear", "extend", "insert", "remove"),
    *("discard", "appendleft", "popleft"),
}
READ_ONLY = {"Mapping", "Sequence", "Set", "Final"}
CLOCKS = {"time", "asyncio", "anyio", "trio"}

# Spelled in parts, so that this file does not hold what it forbids.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("py" + "pi", "org"),
        ("python" + "hosted", "org"),
        ("np" + "mjs", "org"),
        ("np" + "mjs", "com"),
        ("ana" + "conda", "org"),
        ("crates", "io"),
        ("proxy", "golang", "org"),
    )
)
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3)) + r")\b")


@dataclass(frozen=True, slots=True)
class Finding:
    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


@dataclass(frozen=True, slots=True)
class Module:
    """A parsed Python file; `path` is relative to the repository."""

    path: Path
    text: str
    tree: ast.Module

    @property
    def is_test(self) -> bool:
        return self.path.parts[0] == "tests"

    @property
    def is_command(self) -> bool:
        return "cli" in self.path.parts

    def at(self, node: ast.AST, message: str) -> Finding:
        return Finding(str(self.path), getattr(node, "lineno", 1), message)


Rule = Callable[[Module], Iterator[Finding]]


def parsed(path: str, text: str) -> Module:
    return Module(Path(path), text, ast.parse(text))


def files(*folders: str) -> Iterator[Path]:
    """Every file of the project, as a checkout has it: nothing hidden but `.ci`, nothing generated."""
    tops = [ROOT / folder for folder in folders] if folders else [ROOT]
    for top in tops:
        for path in sorted(top.rglob("*")):
            parts = path.relative_to(ROOT).parts
            hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
            if path.is_file() and not hidden and not NOT_OURS & set(parts):
                yield path


def modules() -> list[Module]:
    found = []
    for path in files(*CODE):
        if path.suffix == ".py":
            found.append(parsed(str(path.relative_to(ROOT)), path.read_text("utf-8")))
    return found


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def last_name(node: ast.expr | None) -> str:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Call(func=func):
            return last_name(func)
    return ""


def long_functions(module: Module) -> Iterator[Finding]:
    for function in functions(module.tree):
        lines = (function.end_lineno or function.lineno) - function.lineno + 1
        if lines > MAX_FUNCTION_LINES:
            yield module.at(function, f"`{function.name}` has {lines} lines, more than {MAX_FUNCTION_LINES}")


def banned_names(module: Module) -> Iterator[Finding]:
    for name in {module.path.stem, module.path.parent.name} & BANNED_MODULES:
        yield Finding(str(module.path), 1, f"a module named `{name}` says nothing of what is in it")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef) and node.name.endswith(BANNED_CLASS_ENDINGS):
            yield module.at(node, f"`{node.name}` does not say what the class is")


def swallowed_errors(module: Module) -> Iterator[Finding]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node.type) and _only_logs(node.body):
            yield module.at(node, "an `except` for everything only passes or logs")
        if isinstance(node, ast.Call) and last_name(node.func) == "suppress":
            for argument in filter(_catches_all, node.args):
                yield module.at(argument, "`suppress` hides every error")


def _catches_all(caught: ast.expr | None) -> bool:
    if isinstance(caught, ast.Tuple):
        return any(_catches_all(one) for one in caught.elts)
    return caught is None or last_name(caught) in {"Exception", "BaseException"}


def _only_logs(body: list[ast.stmt]) -> bool:
    return all(_does_nothing(statement) for statement in body)


def _does_nothing(statement: ast.stmt) -> bool:
    match statement:
        case ast.Pass() | ast.Continue() | ast.Expr(value=ast.Constant()):
            return True
        case ast.Expr(value=ast.Call(func=ast.Name(id="print"))):
            return True
        case ast.Expr(value=ast.Call(func=ast.Attribute(value=owner))):
            return "log" in last_name(owner).lower()
    return False


def boolean_positions(module: Module) -> Iterator[Finding]:
    if module.is_test:
        return
    for owner in [module.tree, *(n for n in ast.walk(module.tree) if isinstance(n, ast.ClassDef))]:
        if isinstance(owner, ast.ClassDef) and owner.name.startswith("_"):
            continue
        for function in owner.body:
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef) or _is_private(function):
                continue
            for name in _boolean_parameters(function.args):
                yield module.at(function, f"`{function.name}` takes the boolean `{name}` by position")


def _is_private(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    name = function.name
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def _boolean_parameters(arguments: ast.arguments) -> Iterator[str]:
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults = [None] * (len(positional) - len(arguments.defaults)) + list(arguments.defaults)
    for argument, default in zip(positional, defaults, strict=True):
        is_boolean = isinstance(default, ast.Constant) and isinstance(default.value, bool)
        if is_boolean or (isinstance(argument.annotation, ast.Name) and argument.annotation.id == "bool"):
            yield argument.arg


def module_state(module: Module) -> Iterator[Finding]:
    if module.is_test:
        return
    containers = {name: node for node in module.tree.body for name in _mutable_names(node)}
    for name, node in containers.items():
        if name.strip("_") and not name.strip("_").isupper() and not name.startswith("__"):
            yield module.at(node, f"`{name}` is module-level state")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Global):
            yield module.at(node, f"`global {', '.join(node.names)}` is module-level state")
    for function in functions(module.tree):
        for node in ast.walk(function):
            if (name := _mutated_name(node)) in containers:
                yield module.at(node, f"`{function.name}` changes the module's `{name}`")


def _mutable_names(node: ast.stmt) -> Iterator[str]:
    targets = node.targets if isinstance(node, ast.Assign) else []
    if isinstance(node, ast.AnnAssign):
        targets = [] if last_name(_head(node.annotation)) in READ_ONLY else [node.target]
    value = getattr(node, "value", None)
    displays = ast.List | ast.Dict | ast.Set | ast.ListComp | ast.DictComp | ast.SetComp
    if isinstance(value, displays) or (
        isinstance(value, ast.Call) and last_name(value.func) in MUTABLE_MAKERS
    ):
        yield from (target.id for target in targets if isinstance(target, ast.Name))


def _head(annotation: ast.expr) -> ast.expr:
    return annotation.value if isinstance(annotation, ast.Subscript) else annotation


def _mutated_name(node: ast.AST) -> str:
    match node:
        case ast.Subscript(value=ast.Name(id=name), ctx=ast.Store() | ast.Del()):
            return name
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=method)) if method in MUTATORS:
            return name
    return ""


def late_imports(module: Module) -> Iterator[Finding]:
    if module.is_test or module.is_command:
        return
    lines = module.text.splitlines()
    for function in functions(module.tree):
        imports = [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]
        for node in imports:
            above, line = lines[node.lineno - 2].strip(), lines[node.lineno - 1]
            if not (re.search(r"noqa: PLC0415 - \w", line) or above.startswith("# ")):
                yield module.at(node, f"`{function.name}` imports inside itself and does not say why")


def sleeping_tests(module: Module) -> Iterator[Finding]:
    """A sleep is good only in a loop that asks for what it waits for."""
    if not module.is_test or "bench" in module.path.parts:
        return
    asking = {
        id(inner)
        for loop in ast.walk(module.tree)
        if isinstance(loop, ast.While) and not isinstance(loop.test, ast.Constant)
        for inner in ast.walk(loop)
    }
    for node in ast.walk(module.tree):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr="sleep")) if (
                owner in CLOCKS and id(node) not in asking
            ):
                yield module.at(node, "a test waits for something, with a limit; it does not sleep")
            case ast.ImportFrom(module=source) if source in CLOCKS:
                if any(alias.name == "sleep" for alias in node.names):
                    yield module.at(node, "a test waits for something, with a limit; it does not sleep")


RULES: tuple[Rule, ...] = (
    long_functions,
    banned_names,
    swallowed_errors,
    boolean_positions,
    module_state,
    late_imports,
    sleeping_tests,
)


def report(findings: list[Finding]) -> str:
    return "\n" + "\n".join(map(str, findings))


@pytest.fixture(scope="module")
def project() -> list[Module]:
    return modules()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_code_keeps_to(rule, project):
    findings = [finding for module in project for finding in rule(module)]
    assert not findings, report(findings)


def test_files_stay_short():
    findings = []
    for path in files(*CODE, "strategies", "migrations"):
        if path.suffix in SIZED_SUFFIXES:
            lines = path.read_text("utf-8").count("\n")
            if lines > MAX_FILE_LINES:
                message = f"{lines} lines, more than {MAX_FILE_LINES}"
                findings.append(Finding(str(path.relative_to(ROOT)), MAX_FILE_LINES + 1, message))
    assert not findings, report(findings)


def test_no_file_names_a_registry_or_leaves_work_open():
    findings = []
    for path in files():
        for number, line in enumerate(path.read_bytes().decode("utf-8", "replace").splitlines(), 1):
            place = str(path.relative_to(ROOT))
            findings += [
                Finding(place, number, f"it names {host}") for host in REGISTRY_HOSTS if host in line
            ]
            if UNFINISHED.search(line):
                findings.append(Finding(place, number, "something is left to do here"))
    assert not findings, report(findings)


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (long_functions, "dsl/a.py", "def f():\n" + "    x = 1\n" * 60),
        (banned_names, "dsl/meltica_dsl/utils.py", ""),
        (banned_names, "dsl/common/orders.py", ""),
        (banned_names, "dsl/a.py", "class OrderManager: ..."),
        (swallowed_errors, "dsl/a.py", "try: f()\nexcept Exception: pass"),
        (swallowed_errors, "dsl/a.py", "try: f()\nexcept:\n    _log.error('no')"),
        (swallowed_errors, "dsl/a.py", "try: f()\nexcept (OSError, Exception):\n    logging.error('no')"),
        (swallowed_errors, "dsl/a.py", "with contextlib.suppress(Exception): f()"),
        (boolean_positions, "dsl/a.py", "def draw(color: bool): ..."),
        (boolean_positions, "dsl/a.py", "class A:\n    def draw(self, color=True): ..."),
        (module_state, "dsl/a.py", "known = {}"),
        (module_state, "dsl/a.py", "KNOWN = {}\ndef f(x):\n    KNOWN[x] = 1"),
        (module_state, "dsl/a.py", "KNOWN = set()\ndef f(x):\n    KNOWN.add(x)"),
        (module_state, "dsl/a.py", "X = 1\ndef f():\n    global X\n    X = 2"),
        (late_imports, "dsl/a.py", "def f():\n    import json"),
        (late_imports, "dsl/a.py", "def f():\n    import json  # noqa: PLC0415"),
        (sleeping_tests, "tests/a.py", "import time\ntime.sleep(1)"),
        (sleeping_tests, "tests/a.py", "async def f():\n    await anyio.sleep(1)"),
        (sleeping_tests, "tests/a.py", "from time import sleep"),
    ],
)
def test_a_rule_finds_what_it_forbids(rule, path, text):
    assert list(rule(parsed(path, text)))


@pytest.mark.parametrize(
    ("rule", "path", "text"),
    [
        (swallowed_errors, "dsl/a.py", "try: f()\nexcept OSError: pass"),
        (swallowed_errors, "dsl/a.py", "try: f()\nexcept Exception:\n    undo()\n    raise"),
        (module_state, "dsl/a.py", "known: Mapping[str, int] = {}"),
        (sleeping_tests, "tests/a.py", "while not done():\n    time.sleep(0.01)"),
        (boolean_positions, "dsl/a.py", "def draw(*, color: bool): ..."),
        (boolean_positions, "dsl/a.py", "def _draw(color: bool): ..."),
        (module_state, "dsl/a.py", "KNOWN = {'a': 1}\ndef f(x):\n    return KNOWN[x]"),
        (late_imports, "runtime/meltica_runtime/cli/run.py", "def f():\n    import json"),
        (late_imports, "dsl/a.py", "def f():\n    import json  # noqa: PLC0415 - slow, and rare"),
    ],
)
def test_a_rule_lets_the_rest_pass(rule, path, text):
    assert not list(rule(parsed(path, text)))
