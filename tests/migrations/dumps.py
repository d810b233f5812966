"""Revisions, and the schemas that they make."""

import re
import subprocess
from collections import Counter
from functools import partial

from zorbit import embedded, migrations

FILES = sorted(migrations.SCRIPTS.glob("versions/[0-9]*.py"))
REVISIONS = [path.name[:4] for path in FILES]
# The schema as pg_dump tells it: a heading of each thing, and its lines in an order of their own.
Schema = dict[str, list[str]]

migrate = partial(migrations.migrate, say=lambda _line: None)


def dump(url: str) -> Schema:
    """The schema of a database."""
    program = embedded.binaries() / "pg_dump"
    options = ["-s", "-O", "--exclude-table=alembic_version"]
    text = subprocess.run([program, *options, url], check=True, capture_output=True, text=True).stdout
    # Debian's PostgreSQL 15 notes a number of its own on each column.
    text = re.sub(r"^ALTER TABLE ONLY .* SET \(pg_attver=\d+\);$", "", text, flags=re.MULTILINE)
    schema: Schema = {}
    for part in re.split(r"^-- (?=Name: )", text, flags=re.MULTILINE)[1:]:
        heading, *lines = (" ".join(line.split()).removesuffix(",") for line in part.splitlines())
        # \restrict and \unrestrict bear a new random word each time.
        schema[heading] = sorted(line for line in lines if line and not line.startswith(("--", "\\")))
    return schema


def kinds(schema: Schema) -> Counter[str]:
    """How many things of each kind a schema has."""
    return Counter(heading.split("; ")[1].removeprefix("Type: ") for heading in schema)
