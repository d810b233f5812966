"""What every table shares: names by rule, a key, timestamps, soft deletion."""

import re
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlmodel import Field, SQLModel
from uuid_utils.compat import uuid7

from zorbit.checks import NAME_LIMIT, TEXT_LIMIT

TIMESTAMP = sa.DateTime(timezone=True)
JSON_DOCUMENT = JSONB(none_as_null=True)
LIVE = 'NOT "isDeleted"'
SEARCH_VECTOR = "search_vector"
MONEY = sa.Numeric(10, 2)

# The convention must stand before the first table: constraints are named when they are attached.
SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}


@event.listens_for(sa.Column, "before_parent_attach")
def _camel_case_name(column: sa.Column[Any], table: sa.Table) -> None:
    """`created_at` in Python is "createdAt" in PostgreSQL, as the source document spells it."""
    if table.metadata is SQLModel.metadata:
        name = re.sub(r"_([a-z])", lambda match: match[1].upper(), column.name)
        column.name = sa.sql.quoted_name(
            name, quote=True
        )  # `interval` and `limit` are PostgreSQL's own words


def moment(description: str, *, default_now: bool = False, renewed: bool = False) -> Any:
    """A timestamptz; `default_now` at insertion, `renewed` at every update through the ORM."""
    kwargs: dict[str, Any] = {}
    if default_now:
        kwargs["server_default"] = sa.func.now()
    if renewed:
        kwargs["onupdate"] = sa.func.now()
    return Field(default=None, sa_type=TIMESTAMP, sa_column_kwargs=kwargs, description=description)


def text_column(description: str, default: Any = ...) -> Any:
    """A TEXT column."""
    return Field(default=default, sa_type=sa.Text, description=description)


def string(description: str, default: Any = ...) -> Any:
    """A VARCHAR column without a length of its own; limits are named CHECKs (`short`, `long`)."""
    return Field(default=default, sa_type=sa.String, description=description)


def address(description: str) -> Any:
    """A VARCHAR column for an address on the web."""
    kwargs = {"info": {"is_address": True}}
    return Field(default=None, sa_type=sa.String, sa_column_kwargs=kwargs, description=description)


def flag(description: str, *, default: bool = False) -> Any:
    """A boolean, never null."""
    kwargs = {"server_default": sa.true() if default else sa.false()}
    return Field(default=default, sa_column_kwargs=kwargs, description=description)


def integer(description: str, default: Any = ...) -> Any:
    """An integer, with the same default in PostgreSQL where there is one."""
    kwargs = {"server_default": sa.text(str(default))} if isinstance(default, int) else {}
    return Field(default=default, sa_column_kwargs=kwargs, description=description)


def money(description: str, default: Any = ...) -> Any:
    """`numeric(10,2)`."""
    return Field(default=default, sa_type=MONEY, description=description)


def document(description: str, *, name: str | None = None) -> Any:
    """A JSONB document or null; `name` where PostgreSQL's differs from the attribute's."""
    kwargs = {"name": name} if name else {}
    return Field(default=None, sa_type=JSON_DOCUMENT, sa_column_kwargs=kwargs, description=description)


def choice(enum: type[StrEnum], description: str, default: Any = ...) -> Any:
    """A closed set of values: VARCHAR by value, held by a CHECK named after the enum."""
    kind = sa.Enum(
        enum,
        native_enum=False,
        create_constraint=True,
        length=None,
        name=re.sub(r"(?<!^)([A-Z])", r"_\1", enum.__name__).lower(),
        values_callable=lambda members: [member.value for member in members],
    )
    kwargs = {"server_default": default.value} if isinstance(default, enum) else {}
    # A null that is given is stored, where it can be: left out, the column's default would take its place.
    return Field(
        default=default, sa_type=kind.evaluates_none(), sa_column_kwargs=kwargs, description=description
    )


def short(*columns: str) -> list[sa.CheckConstraint]:
    """CHECKs that hold names and titles to NAME_LIMIT characters; columns as PostgreSQL spells them."""
    return [_length(column, NAME_LIMIT) for column in columns]


def long(*columns: str) -> list[sa.CheckConstraint]:
    """CHECKs that hold other texts to TEXT_LIMIT characters; columns as PostgreSQL spells them."""
    return [_length(column, TEXT_LIMIT) for column in columns]


def _length(column: str, limit: int) -> sa.CheckConstraint:
    condition = f'char_length("{column}") <= {limit}'
    return sa.CheckConstraint(condition, name=f"{column}_length", info={"column": column, "limit": limit})


def length_limits(model: type[SQLModel]) -> dict[str, int]:
    """The most characters that each text of a table may have, by attribute: its CHECKs say so."""
    attributes = {column.columns[0].name: column.key for column in sa.inspect(model).column_attrs}
    checks = [constraint.info for constraint in table_of(model).constraints if constraint.info]
    return {attributes[info["column"]]: info["limit"] for info in checks}


def check(name: str, condition: str) -> sa.CheckConstraint:
    """A named CHECK; `condition` in SQL, columns as PostgreSQL spells them."""
    return sa.CheckConstraint(condition, name=name)


def owned_reference(key: str, target: str, *, on_delete: str) -> sa.ForeignKeyConstraint:
    """A reference inside one user's data: it carries the owner, so no row can link two users' data."""
    return sa.ForeignKeyConstraint(
        ["user_id", key], [f"{target}.user_id", f"{target}.id"], ondelete=on_delete
    )


def owner(description: str = "The user whose row this is.", *, on_delete: Any = "CASCADE") -> Any:
    """The owning user's id."""
    return Field(foreign_key="User.id", ondelete=on_delete, description=description)


class Row(SQLModel):
    """A table's row with a time-ordered key."""

    # PostgreSQL makes updatedAt; without this, reading it after a flush would need another statement.
    __mapper_args__ = {"eager_defaults": True}

    id: UUID = Field(
        default_factory=uuid7,
        primary_key=True,
        description="Globally unique; time-ordered (version 7) for new rows.",
    )
    created_at: datetime = moment("When it was created.", default_now=True)


class Editable(Row):
    """A row that may change."""

    updated_at: datetime = moment("When it was last changed.", default_now=True, renewed=True)


class Deletable(Editable):
    """A row that can be deleted softly and restored."""

    is_deleted: bool = flag("Whether it is in the trash.")
    deleted_at: datetime | None = moment("When it was put into the trash; kept by a trigger.")


def listing(*columns: str, live: bool = True) -> sa.Index:
    """The index of a list: its parent's key, its order, then the id; of live rows unless told otherwise."""
    return sa.Index(None, *columns, "id", postgresql_where=sa.text(LIVE) if live else None)


def trash_listing() -> sa.Index:
    """The index of an owner's trash, newest deletion first."""
    return sa.Index(None, "user_id", "deleted_at", "id", postgresql_where=sa.text('"isDeleted"'))


def reference_index(key: str) -> sa.Index:
    """An index of what refers to a row, of deleted rows too: without it purging that row reads a whole table.

    Over a million rows that took 0.1 s for each. One a table will do: a user's rows are few.
    """
    return sa.Index(None, "user_id", key)


def searchable(model: type[Row], *columns: str) -> None:
    """Full-text search over `columns`, in the `simple` configuration: no language is assumed.

    The vector is stored, because computing it for each row of a list costs some 50 microseconds a kilobyte;
    it is a column of the table but not of the mapped class, so that reading rows never carries it.
    """
    table = table_of(model)
    words = " || ' ' || ".join(f"coalesce(\"{column}\", '')" for column in columns)
    vector: sa.Column[str] = sa.Column(
        SEARCH_VECTOR, TSVECTOR, sa.Computed(f"to_tsvector('simple', {words})", persisted=True)
    )
    table.append_column(vector)
    sa.Index(None, vector, postgresql_using="gin", postgresql_where=sa.text(LIVE))


def on_create(table: type[Row], statement: str) -> None:
    """Run `statement` when the metadata creates `table`: triggers and functions are part of it."""
    event.listen(table_of(table), "after_create", sa.DDL(statement.replace("%", "%%")))  # type: ignore[no-untyped-call] # SQLAlchemy left it so


def table_of(model: type[SQLModel]) -> sa.Table:
    """The table that a model maps."""
    table = sa.inspect(model).local_table
    assert isinstance(table, sa.Table)  # noqa: S101 - for the type checker: every model here maps a table
    return table
