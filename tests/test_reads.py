"""Rows are read through visibility alone, and the engine knows no table."""

import ast
import re

import pytest

from tests.sources import ENGINE, RAW, ROOT, SOURCES, found_in, text_of

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
        if _imports_a_table(node) or RAW.search(text_of(node))
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
