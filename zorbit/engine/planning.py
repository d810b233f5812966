"""From a validated operation to its plan, made once for each kind of viewer.

graphql-core's own `collect_fields` says which fields an object has, so fragments, aliases, merging, @skip and
@include mean here what they mean there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import SimpleNamespace
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    get_nullable_type,
    is_leaf_type,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from sqlalchemy import Uuid, bindparam

from zorbit.engine import objects, values
from zorbit.engine.arguments import Asked, Details, given_to
from zorbit.engine.connections import Planning, plan_connection
from zorbit.engine.levels import Level, On, Place, Unplanned, Weight, database_column
from zorbit.engine.lists import Connection
from zorbit.engine.loads import LoadedField, LoadedRows
from zorbit.engine.nodes import Kind, Kinds, NodesField, ReferenceField
from zorbit.engine.plans import Plan
from zorbit.engine.readings import (
    ById,
    Caller,
    Column,
    Computed,
    Graph,
    Loaded,
    Many,
    Nodes,
    One,
    Reference,
    Resolved,
    Restricted,
)
from zorbit.engine.runs import Given, ResolvedField

FIELDS = 2_000
"""Fields of a plan at most: fragments can unfold to many more than a text has."""
SOURCES = 24
"""Tables that one statement joins at most."""
ROOT_LEADING = 2
"""What comes before the columns of the root: the caller's kind, and the time."""

Grouped = Mapping[str, Details]
"""The fields of an object."""


@dataclass(slots=True)
class Planner:
    """Plans one operation for one kind of viewer."""

    graph: Graph
    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDetails]
    variables: VariableValues
    """Of the request that the plan is made for; only those in @skip and @include count."""
    kind: Any
    viewer: Any
    weight: Weight = field(default_factory=Weight)
    ids: list[tuple[str, Given, Callable[[Any], Any]]] = field(default_factory=list)
    firsts: list[Any] = field(default_factory=list)

    def plan(self) -> Plan:
        """The plan; raises Unplanned where the operation is the resolvers'."""
        query = self.schema.query_type
        assert query is not None  # noqa: S101 - for the type checker: a schema without queries is not served
        collected = collect_fields(self.schema, self.fragments, self.variables, query, self.operation)
        level = Level(self.graph.caller, ROOT_LEADING)
        code = self._object(Place(level, level.rows), query, collected.grouped_field_set)
        return Plan(self.graph, self.kind, level, level.build(code), self.ids, self.firsts, self.weight)

    def _below(self, kind: GraphQLObjectType, details: Details) -> Grouped:
        collected = collect_subfields(
            self.schema, self.fragments, self.variables, self.operation, kind, details
        )
        return collected.grouped_field_set

    def _object(self, place: Place, kind: GraphQLObjectType, grouped: Grouped) -> str:
        """Code for an object of a row `r`."""
        parts = (f"{name!r}: {self._field(place, kind, details)}" for name, details in grouped.items())
        return "{" + ", ".join(parts) + "}"

    def _field(self, place: Place, kind: GraphQLObjectType, details: Details) -> str:
        self.weight.fields += 1
        if self.weight.fields > FIELDS:
            raise Unplanned("more fields than a plan has")
        name = details[0].node.name.value
        if name == "__typename":
            return repr(kind.name)
        if name.startswith("__"):
            raise Unplanned("introspection")
        asked = Asked(kind, kind.fields[name], details)
        reading = self.graph.reading(asked.field)
        while isinstance(reading, Restricted):
            if self.kind not in reading.kinds:
                raise Unplanned("refused to this kind of viewer")
            reading = reading.reading
        make: Callable[[Place, Asked, Any], str] | None = self._makers().get(type(reading))
        if make is None:
            raise Unplanned(f"no reading of {kind.name}.{name}")
        return make(place, asked, reading)

    def _makers(self) -> dict[type, Callable[[Place, Asked, Any], str]]:
        """What makes the code for a field, by its reading."""
        return {
            Column: self._column,
            Computed: self._computed,
            Resolved: self._resolved,
            Caller: self._caller,
            One: self._one,
            ById: self._by_id,
            Many: self._many,
            Nodes: self._nodes,
            Reference: self._reference,
            Loaded: self._loaded,
        }

    def _column(self, place: Place, asked: Asked, reading: Column) -> str:
        level, source = place.level, place.source
        column = database_column(source.table, reading.attribute)
        value = f"r[{level.column(source, reading.attribute)}]"
        write = values.writer(column, asked.field.type, self.graph.texts)
        if column.nullable and asked.is_required:
            value = f"{level.named(values.present)}({value})"
        if write is None:
            return value
        written = f"{level.named(write)}({value})"
        is_null = column.nullable and not asked.is_required
        return f"(None if {value} is None else {written})" if is_null else written

    def _computed(self, place: Place, asked: Asked, reading: Computed) -> str:
        if not is_leaf_type(asked.kind):
            return self._resolved(place, asked, Resolved(reading.needs))
        row, leaf = self._row_maker(place, reading.needs), get_nullable_type(asked.field.type)

        def value(r: Any) -> Any:
            found = reading.function(row(r))
            if found is None:
                return values.present(found) if asked.is_required else None
            return leaf.serialize(found)  # type: ignore[union-attr] # a leaf, as was seen above

        return f"{place.level.named(value)}(r)"

    def _resolved(self, place: Place, asked: Asked, reading: Resolved) -> str:
        row, id = self._row_maker(place, reading.needs), place.level.column(place.source, "id")

        def source(r: Any) -> Any:
            return None if r[id] is None else row(r)

        path = Path(None, asked.node.name.value, asked.parent.name)
        is_root = asked.parent is self.schema.query_type
        found = ResolvedField(asked.parent, asked.details, path, None if is_root else source)
        return f"k[{place.level.below(found)}][i]"

    def _caller(self, place: Place, asked: Asked, _reading: Caller) -> str:
        row = Place(place.level, place.source, "viewer")
        return self._object(row, asked.kind, self._below(asked.kind, asked.details))

    def _one(self, place: Place, asked: Asked, reading: One) -> str:
        for attribute in reading.needs:
            place.level.column(place.source, attribute)

        def on(parent: Any, row: Any) -> Sequence[Any]:
            return reading.on(parent, row, self.viewer)

        return self._joined(place, asked, reading, reading.table, on)

    def _by_id(self, place: Place, asked: Asked, reading: ById) -> str:
        name = f"g{len(self.ids)}"
        self.ids.append((name, given_to(self.graph, asked), reading.id))

        def on(_parent: Any, row: Any) -> Sequence[Any]:
            return [row.id == bindparam(name, type_=Uuid), *reading.visible(row, self.viewer)]

        return self._joined(place, asked, name, reading.table, on, name)

    def _joined(  # noqa: PLR0917 - what tells a join apart
        self, place: Place, asked: Asked, key: Any, table: Any, on: On, known: str | None = None
    ) -> str:
        """Code for the object of a row to one, which may not be there."""
        level = place.level
        if len(level.sources) >= SOURCES:
            raise Unplanned("more rows to one than a statement joins")
        source = level.join(key, table, place.source, on)
        id = level.column(source, "id")
        row = Place(level, source, known)
        code = self._object(row, asked.kind, self._below(asked.kind, asked.details))
        return f"(None if r[{id}] is None else {code})"

    def _many(self, place: Place, asked: Asked, reading: Many) -> str:
        is_root = reading.key is None
        key = -1 if is_root else place.level.column(place.source, "id")
        below = Level(reading.table, leading=2)
        connection = Connection(
            reading, self.viewer, given_to(self.graph, asked), below, key, place.known, self.weight
        )

        def row(kind: GraphQLObjectType, details: Details) -> str:
            return self._object(Place(below, below.rows), kind, self._below(kind, details))

        planning = Planning(connection, self._below, row)
        plan_connection(planning, asked.kind, self._below(asked.kind, asked.details))
        found = place.level.below(connection)
        if connection.is_first:
            self.firsts.append(connection)
        return f"k[{found}][{None if is_root else f'r[{key}]'}]"

    def _nodes(self, place: Place, asked: Asked, reading: Nodes) -> str:
        kinds = Kinds(partial(self._kind, asked.details))
        found = NodesField(reading, self.viewer, given_to(self.graph, asked), kinds)
        self.firsts.append(found)
        return f"k[{place.level.below(found)}]"

    def _reference(self, place: Place, asked: Asked, reading: Reference) -> str:
        kind, id = (place.level.column(place.source, name) for name in (reading.type, reading.id))
        kinds = Kinds(partial(self._kind, asked.details))
        found = ReferenceField(kind, id, kinds, frozenset(self.graph.tables))
        return f"k[{place.level.below(found)}].get((r[{kind}], r[{id}]))"

    def _loaded(self, place: Place, asked: Asked, reading: Loaded) -> str:
        level, key = place.level, place.level.column(place.source, "id")
        shared = (reading.statement, key)
        rows = level.loads.get(shared)
        if rows is None:
            rows = LoadedRows(self.graph, reading, self.viewer, key, place.known)
            level.loads[shared] = rows
            level.below(rows)
            if place.known is not None:
                self.firsts.append(rows)
        build = objects.builder(asked.field.type, asked.details, self._below)
        found = LoadedField(rows, given_to(self.graph, asked), reading.pick, build)
        return f"k[{level.below(found)}][r[{key}]]"

    def _kind(self, details: Details, name: str) -> Kind:
        """The rows of one type, of those that a field may give."""
        kind = self.schema.type_map[name]
        assert isinstance(kind, GraphQLObjectType)  # noqa: S101 - for the type checker: rows are objects
        level = Level(self.graph.tables[name], leading=0)
        code = self._object(Place(level, level.rows), kind, self._below(kind, details))
        id = level.column(level.rows, "id")
        return Kind(level, level.build(code), id, lambda row: self.graph.visible(row, self.viewer))

    def _row_maker(self, place: Place, needs: Sequence[str]) -> Callable[[Any], Any]:
        """What makes a row with the columns that a function needs, as rows of the table have them."""
        level, source = place.level, place.source
        parts = [
            (need, level.column(source, need), values.reader(database_column(source.table, need).type))
            for need in needs
        ]

        def row(r: Any) -> Any:
            found = {name: r[place] for name, place, _ in parts}
            for name, _, read in parts:
                if read is not None and found[name] is not None:
                    found[name] = read(found[name])
            return SimpleNamespace(**found)

        return row
