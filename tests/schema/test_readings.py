"""What compiled plans are told of the graph: whatever leads to rows says who may see them."""

from collections.abc import Iterator
from typing import Any, cast
from uuid import UUID

import pytest
from graphql import FieldNode, NameNode
from graphql.execution.values import VariableValues
from sqlalchemy import Uuid, and_, bindparam, true
from sqlalchemy.orm import aliased

from schema import readings, schema
from tests.schema.lists import NODES, OBJECTS
from zorbit import models
from zorbit.config import Identity, Settings
from zorbit.engine.readings import ById, ByText, Many, One, Reading, Restricted
from zorbit.models import Role
from zorbit.visibility import Viewer

GRAPH = readings.graph(schema, Settings())
WITHOUT_OWNER = [models.Plan, models.InvoiceItem, models.UsageLog]
"""Tables without a column for the owner's id."""


def reading_of(field: Any) -> Reading | None:
    """How a field is read for those who may ask for it."""
    if "strawberry-definition" not in field.extensions:
        return None
    reading = GRAPH.reading(field)
    return reading.reading if isinstance(reading, Restricted) else reading


FIELDS = {
    f"{kind.name}.{name}": (kind.name, field, reading)
    for kind in OBJECTS
    for name, field in kind.fields.items()
    if isinstance(reading := reading_of(field), One | ById | ByText | Many)
}
OF_ANYBODY = ["Query.duePosts"]
"""What its callers are shown of everybody's rows."""


def viewer(role: Role) -> Viewer:
    """Whoever has the role."""
    return Viewer(cast("UUID", bindparam("viewer", type_=Uuid)), role)


def demanded(name: str, by: Viewer) -> Iterator[set[str]]:
    """What each statement for a field demands of the row `r`."""
    parent, field, reading = FIELDS[name]
    row: Any = aliased(reading.table, name="r")
    match reading:
        case One():
            yield texts(*reading.on(aliased(GRAPH.tables[parent]), row, by))
        case ById():
            yield texts(*reading.visible(row, by))
        case ByText():
            yield texts(*reading.on(row, "ada@example.com", by))
        case Many():
            node = FieldNode(name=NameNode(value="field"), arguments=())
            shape, _ = reading.listing(GRAPH.arguments(field, node, VariableValues({}, {})))
            for make in (reading.page, reading.members):
                whereclause = make(shape, by, GRAPH.terms).whereclause
                found = set() if whereclause is None else texts(whereclause)
                yield {text.replace(f'"{reading.table.__name__}".', "r.") for text in found}


def texts(*conditions: Any) -> set[str]:
    """Conditions as SQL spells them, each by itself."""
    whole = and_(true(), *conditions)
    return {str(part) for part in getattr(whole, "clauses", [whole])}


def expected(table: Any, role: Role) -> set[str]:
    """What has to be demanded of every row of a table, whatever else is."""
    if role is Role.SERVICE:
        return {"false"}
    found = {'NOT r."isDeleted"'} if issubclass(table, models.Deletable) else set()
    if role is Role.USER and table not in WITHOUT_OWNER:
        found.add('r."id" = :viewer' if table is models.User else 'r."userId" = :viewer')
    return found


def test_every_type_of_rows_is_led_to() -> None:
    assert {reading.table.__name__ for _, _, reading in FIELDS.values()} == set(NODES) == set(GRAPH.tables)


@pytest.mark.parametrize("role", [Role.USER, Role.SERVICE, Role.ADMIN])
def test_who_may_see_a_row_is_part_of_every_statement_that_reads_it(role: Role) -> None:
    for name, (_, _, reading) in FIELDS.items():
        for found in demanded(name, viewer(role)):
            kind = Role.ADMIN if name in OF_ANYBODY else role
            assert found >= expected(reading.table, kind), name


@pytest.mark.parametrize("role", [Role.USER, Role.SERVICE, Role.ADMIN])
def test_who_may_see_a_row_is_part_of_the_statement_that_reads_it_by_its_id_alone(role: Role) -> None:
    for table in GRAPH.tables.values():
        row = aliased(table, name="r")
        assert texts(*GRAPH.visible(row, viewer(role))) >= expected(table, role), table


@pytest.mark.parametrize("table", WITHOUT_OWNER)
def test_what_bears_no_owner_is_found_by_its_id_through_what_does(table: type[models.Row]) -> None:
    row = aliased(table, name="r")

    assert ":viewer" in " ".join(texts(*GRAPH.visible(row, viewer(Role.USER))))


@pytest.mark.parametrize("identity", list(Identity))
def test_the_caller_is_a_live_user_whom_the_token_names(identity: Identity) -> None:
    graph = readings.graph(schema, Settings().model_copy(update={"identity": identity}))

    found = texts(*graph.is_caller(aliased(models.User, name="r")))

    by_id = {'r."id" = :viewer', 'NOT r."isDeleted"'}
    by_issuer = {'r."authIssuer" = :issuer', 'r."authSubject" = :subject'}
    assert found == (by_id if identity is Identity.USER_ID else by_id | by_issuer)
