"""Rules of the house that no other tool holds: where rows may be read, and how large a room may grow."""

import ast
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from zorbit import models

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for room in ("zorbit", "schema") for path in (ROOT / room).rglob("*.py"))
ENGINE = ROOT / "zorbit" / "engine"
TABLES = {table.__name__ for table in models.TABLES}
FILE_LINES = 300
FUNCTION_LINES = 50
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

# What makes a relation of a statement: the statement inside has been looked at where it was begun.
DERIVING = {"subquery", "lateral", "cte", "scalar_subquery", "table_valued", "render_derived"}
LITERALS = {"literal", "null", "true", "false", "bindparam"}
NAMED = "|".join(sorted(TABLES))
RAW = re.compile(rf'\bSELECT\b.*?\b(?:FROM|JOIN)\s+(?:"?(?:{NAMED})\b|\{{)|\bCOPY\s.*?\bTO\b', re.DOTALL)


@dataclass(frozen=True)
class Module:
    """A source file, and what may be taken from where in it."""

    tree: ast.Module

    def reads(self) -> Iterator[ast.AST]:
        """Where rows are read, or may be, without `visible()`, `trashed()` or `deleted_users()`."""
        yield from self._statements(self.tree, None)
        prose = {id(node.value) for node in ast.walk(self.tree) if isinstance(node, ast.Expr)}
        # Triggers are part of the tables, and run in the database alone.
        triggers = {id(part) for call in self._calls("on_create") for part in ast.walk(call)}
        for node in ast.walk(self.tree):
            if id(node) not in prose | triggers and RAW.search(_text(node)):
                yield node

    def _calls(self, name: str) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call) and _name(node) == name)

    def _statements(self, node: ast.AST, function: ast.AST | None) -> Iterator[ast.AST]:
        if isinstance(node, ast.Call) and self._reads(node, function):
            yield node
        inner = node if isinstance(node, FUNCTION) else function
        for child in ast.iter_child_nodes(node):
            yield from self._statements(child, inner)

    def _reads(self, call: ast.Call, function: ast.AST | None) -> bool:
        match _name(call):
            case "select" | "Select" | "select_from":
                return not call.args or not all(self._is_derived(part, function) for part in call.args)
            case "get" | "get_one" if isinstance(call.func, ast.Attribute):
                return "session" in _name(call.func.value) or any(map(_is_table, call.args[:1]))
            case "query":
                return isinstance(call.func, ast.Attribute)
            case "exists":
                return isinstance(call.func, ast.Name) or ast.unparse(call.func) in (
                    "sa.exists",
                    "sql.exists",
                )
        return False

    def _is_derived(
        self, node: ast.AST, function: ast.AST | None, seen: frozenset[str] = frozenset()
    ) -> bool:
        """Whether what is selected comes from other statements and functions, never from a table itself.

        `seen` are the names that are being followed: one that is made from itself adds nothing.
        """
        parts: list[tuple[ast.AST, ast.AST | None]]
        match node:
            case ast.Constant():
                parts = []
            case ast.Call(func=ast.Attribute(attr=name)) if name in DERIVING:
                parts = []
            case ast.Call(func=ast.Name(id="aliased"), args=[_, statement]):
                parts = [(statement, function)]
            case ast.Call(func=ast.Attribute(value=ast.Name(id="func")) | ast.Name(id="case" | "cast")):
                parts = [(part, function) for part in node.args]
            case ast.Call(func=ast.Name(id=name)) if name in LITERALS:
                parts = []
            case ast.Tuple(elts=elements):
                parts = [(part, function) for part in elements]
            case ast.Call(func=ast.Name(id=name)) if returned := self._returned(name):
                parts = [] if name in seen else returned
                seen |= {name}
            case (
                ast.Call(func=ast.Attribute(value=value))
                | ast.Attribute(value=value)
                | ast.Starred(value=value)
            ):
                parts = [(value, function)]
            case ast.Name(id=name) if values := _assigned(name, function):
                parts = [] if name in seen else [(value, function) for value in values]
                seen |= {name}
            case _:
                return False
        return all(self._is_derived(part, scope, seen) for part, scope in parts)

    def _returned(self, name: str) -> list[tuple[ast.AST, ast.AST | None]]:
        """What a function of the module returns, and the function."""
        return [
            (node.value, function)
            for function in self.tree.body
            if isinstance(function, FUNCTION) and function.name == name
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and node.value
        ]


def _assigned(name: str, function: ast.AST | None) -> list[ast.AST]:
    """The values of a local name; of a parameter none: it may be anything."""
    found: list[ast.AST] = []
    if isinstance(function, FUNCTION) and name in {part.arg for part in _parameters(function.args)}:
        return found
    for node in ast.walk(function) if function else ():
        match node:
            case ast.Assign(targets=[ast.Name(id=target)], value=value) if target == name:
                found.append(value)
            case ast.AnnAssign(target=ast.Name(id=target), value=ast.AST() as value) if target == name:
                found.append(value)
    return found


def _parameters(made: ast.arguments) -> list[ast.arg]:
    return [*made.posonlyargs, *made.args, *made.kwonlyargs]


def _name(node: ast.AST) -> str:
    """What is called, or named last."""
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return name
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _is_table(node: ast.AST) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="models"), attr=name):
            return name in TABLES
    return False


def _text(node: ast.AST) -> str:
    """A string as it is written, `{}` for what is put into it."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(_text(part) or "{}" for part in parts)
    return ""


def found_in(source: str) -> list[str]:
    return [ast.unparse(node) for node in Module(ast.parse(source)).reads()]


# The finder itself


@pytest.mark.parametrize(
    "source",
    [
        "select(models.Post)",
        "sa.select(models.Post.id, func.now())",
        "select(Post)",
        "select(func.count(models.Post.id))",
        "select(func.count()).select_from(models.Post)",
        "select(aliased(models.Post))",
        "models.table_of(models.Post).select()",
        "def read(table):\n    return select(table)",
        "def read(table):\n    table = table\n    return select(table.c.id)",
        "def read(table):\n    row = aliased(table)\n    return select(row.id)",
        "def read(*columns):\n    return select(*columns)",
        "def read():\n    columns = (Post.id, literal(1))\n    return select(*columns)",
        "select(cast(models.Post.id, Text))",
        "def read():\n    return select(_post().c.id)\ndef _post():\n    return models.table_of(models.Post)",
        "session.get(models.Post, id)",
        "await session.get_one(table, id)",
        "await writing.session.get(table, id)",
        "self.anything.get(Post, id)",
        "session.query(models.Post)",
        "exists().where(models.Post.id == id)",
        """text('SELECT id FROM "Post"')""",
        """STATEMENT = 'SELECT 1 FROM "Thread" JOIN "Post" ON true'""",
        """sql.SQL("SELECT id FROM {}").format(name)""",
        """connection.execute(f'SELECT id FROM {table}')""",
        """cursor.copy('COPY "Post" TO STDOUT')""",
    ],
)
def test_a_read_past_visibility_is_found(source: str) -> None:
    assert len(found_in(source)) == 1


@pytest.mark.parametrize(
    "source",
    [
        "visible(models.Post, viewer).with_only_columns(models.Post.id)",
        "select(func.count()).select_from(visible(models.Post, viewer).subquery())",
        "def read():\n    posts = visible(Post, viewer).lateral()\n    return select(aliased(Post, posts))",
        "def read():\n    k = _keys()\n    return select(k.c.key)\ndef _keys():\n    return func.a().cte()",
        "def read(old):\n    post = old.subquery()\n    post = post.alias()\n    return select(post.c.id)",
        "def read(p, x):\n    post = p.cte()\n    all = (post.c.id, literal(x))\n    return select(*all)",
        "settings.get('Post')",
        "(await found(session, ids)).get(id)",
        "path.exists()",
        """text("SELECT pg_advisory_unlock(:key)")""",
        """text("SELECT version_num FROM alembic_version")""",
        """sql.SQL("COPY {} FROM STDIN").format(name)""",
        '''"""In prose: SELECT id FROM "Post"."""''',
        """on_create(Post, 'SELECT "userId" INTO x FROM "Post"')""",
    ],
)
def test_other_statements_are_left_alone(source: str) -> None:
    assert found_in(source) == []


# The rules


def test_rows_are_read_through_visibility_alone() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {text}"
        for path in SOURCES
        if path != ROOT / "zorbit" / "visibility.py" and path.parent != ENGINE
        for text in found_in(path.read_text())
    ]

    assert found == []


def test_the_engine_selects_only_from_what_it_is_given() -> None:
    """It knows no table; `tests/schema/test_readings.py` looks at what it is given."""
    found = [
        f"{path.name}: {ast.unparse(node)}"
        for path in ENGINE.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if _imports_a_table(node) or RAW.search(_text(node))
    ]

    assert found == []


def _imports_a_table(node: ast.AST) -> bool:
    match node:
        case ast.Import(names=names):
            modules = [part.name for part in names]
        case ast.ImportFrom(module=module, level=0):
            modules = [module or ""]
        case ast.ImportFrom():
            return True
        case _:
            return False
    return any(re.match(r"(zorbit|schema)\b(?!\.engine\b)", name) for name in modules)


def test_files_stay_short() -> None:
    lines = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}

    assert len(lines) > 50
    assert {path: number for path, number in lines.items() if number > FILE_LINES} == {}


def test_functions_fit_a_screen() -> None:
    functions = {
        f"{path.relative_to(ROOT)}: {node.name}": (node.end_lineno or node.lineno) - node.lineno + 1
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, FUNCTION)
    }

    assert len(functions) > 200
    assert {name: number for name, number in functions.items() if number > FUNCTION_LINES} == {}


def repository() -> Iterator[tuple[str, bytes]]:
    """Every file that is committed, or would be."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout.decode()
    for name in sorted(set(listed.split("\0")) - {""}):
        if (ROOT / name).is_file():
            yield name, (ROOT / name).read_bytes()


def test_no_file_names_a_place_on_the_machine_it_was_made_on() -> None:
    place = re.compile(rb"(?<![\w.-])/" + rb"work/")

    assert [name for name, content in repository() if place.search(content)] == []


def test_no_source_and_no_lock_file_names_a_package_registry() -> None:
    hosts = [host.encode() for host in (r"pypi\.org", r"registry\.npmjs\.org", r"files\.pythonhosted\.org")]
    named = re.compile(rb"(?<![\w.-])(?:" + b"|".join(hosts) + rb")\b")

    found = [name for name, content in repository() if not name.endswith(".md") and named.search(content)]

    assert found == []


def test_every_test_that_the_documentation_names_exists() -> None:
    text = (ROOT / "docs" / "security.md").read_text()
    named = re.findall(r"`([\w/]+\.py)::(\w+)`", text)
    missing = [
        f"{file}::{test}" for file, test in named if f"def {test}(" not in (ROOT / "tests" / file).read_text()
    ]

    assert len(named) > 50
    assert missing == []
