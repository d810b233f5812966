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
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues
from graphql.pyutils import Path
from sqlalchemy import Text, Uuid, bindparam

from zorbit.engine import objects, readings, values
from zorbit.engine.arguments import Details, Selected, given_to
from zorbit.engine.connections import BuildObjects, Planning, plan_connection
from zorbit.engine.levels import Build, Level, On, Place, Source, Unplanned, Weight, database_column
from zorbit.engine.lists import ListField
from zorbit.engine.loads import LoadedField, LoadedRows
from zorbit.engine.nodes import Kind, Kinds, NodesField, ReferenceField, probe_of
from zorbit.engine.pages import ObjectPages, RowPages
from zorbit.engine.plans import Plan
from zorbit.engine.readings import CALLER, Graph
from zorbit.engine.runs import Given, ResolvedField
from zorbit.engine.statements import Shelf

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
    shelf: Shelf
    weight: Weight = field(default_factory=Weight)
    named: list[tuple[str, Given, Callable[[Any], Any]]] = field(default_factory=list)
    firsts: list[Any] = field(default_factory=list)

    def plan(self) -> Plan:
        """The plan; raises Unplanned where the operation is the resolvers'."""
        query = self.schema.query_type
        assert query is not None  # noqa: S101 - for the type checker: a schema without queries is not served
        collected = collect_fields(self.schema, self.fragments, self.variables, query, self.operation)
        level = Level(self.graph.caller, ROOT_LEADING)
        code = self._object(Place(level, level.rows), query, collected.grouped_field_set)
        # Copied, because some fields plan later what lies below them and hold on to this planner.
        firsts, self.firsts = self.firsts, []
        build = level.build(code)
        return Plan(self.graph, self.kind, level, build, self.named, firsts, self.weight, self.shelf)

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
        selected = Selected(kind, kind.fields[name], details)
        reading = self.graph.reading(selected.field)
        while isinstance(reading, readings.Restricted):
            if self.kind not in reading.kinds:
                raise Unplanned("refused to this kind of viewer")
            reading = reading.reading
        make: Callable[[Place, Selected, Any], str] | None = self._makers().get(type(reading))
        if make is None:
            raise Unplanned(f"no reading of {kind.name}.{name}")
        return make(place, selected, reading)

    def _makers(self) -> dict[type, Callable[[Place, Selected, Any], str]]:
        """What makes the code for a field, by its reading."""
        return {
            readings.Column: self._column,
            readings.Computed: self._computed,
            readings.Resolved: self._resolved,
            readings.Caller: self._caller,
            readings.Same: self._same,
            readings.One: self._one,
            readings.ColumnOf: self._column_of,
            readings.ById: self._by_id,
            readings.ByText: self._by_text,
            readings.Many: self._many,
            readings.ManyMade: self._many_made,
            readings.Nodes: self._nodes,
            readings.Reference: self._reference,
            readings.Loaded: self._loaded,
        }

    def _column(self, place: Place, selected: Selected, reading: readings.Column) -> str:
        level, source = place.level, place.source
        column = database_column(source.table, reading.attribute)
        value = f"r[{level.column(source, reading.attribute)}]"
        write = values.writer(column, selected.field.type, self.graph.texts)
        if column.nullable and selected.is_required:
            value = f"{level.named(values.present)}({value})"
        if write is None:
            return value
        written = f"{level.named(write)}({value})"
        is_null = column.nullable and not selected.is_required
        return f"(None if {value} is None else {written})" if is_null else written

    def _computed(self, place: Place, selected: Selected, reading: readings.Computed) -> str:
        row = self._row_maker(place, reading.needs)
        build = objects.builder(selected.field.type, selected.details, self._below)
        return f"{place.level.named(lambda r: build(reading.function(row(r))))}(r)"

    def _resolved(self, place: Place, selected: Selected, reading: readings.Resolved) -> str:
        row, id = self._row_maker(place, reading.needs), place.level.column(place.source, "id")

        def source(r: Any) -> Any:
            return None if r[id] is None else row(r)

        path = Path(None, selected.node.name.value, selected.parent.name)
        is_root = selected.parent is self.schema.query_type
        found = ResolvedField(selected.parent, selected.details, path, None if is_root else source)
        return f"k[{place.level.below(found)}][i]"

    def _caller(self, place: Place, selected: Selected, _reading: readings.Caller) -> str:
        row = Place(place.level, place.source, CALLER)
        return self._object(row, selected.kind, self._below(selected.kind, selected.details))

    def _same(self, place: Place, selected: Selected, _reading: readings.Same) -> str:
        return self._object(place, selected.kind, self._below(selected.kind, selected.details))

    def _one(self, place: Place, selected: Selected, reading: readings.One) -> str:
        row = Place(place.level, self._joined(place, reading, reading.table, self._on(place, reading)))
        return self._object_or_null(row, selected)

    def _column_of(self, place: Place, selected: Selected, reading: readings.ColumnOf) -> str:
        one = reading.one
        row = Place(place.level, self._joined(place, one, one.table, self._on(place, one)))
        there = f"{row.level.named(values.present)}(r[{row.level.column(row.source, 'id')}])"
        return f"({there} and {self._column(row, selected, readings.Column(reading.attribute))})"

    def _on(self, place: Place, reading: readings.One) -> On:
        for attribute in reading.needs:
            place.level.column(place.source, attribute)
        viewer = self.viewer
        return lambda parent, row: reading.on(parent, row, viewer)

    def _by_id(self, place: Place, selected: Selected, reading: readings.ById) -> str:
        name, viewer = self._named(selected, reading.id), self.viewer

        def on(_parent: Any, row: Any) -> Sequence[Any]:
            return [row.id == bindparam(name, type_=Uuid), *reading.visible(row, viewer)]

        row = Place(place.level, self._joined(place, (reading, name), reading.table, on), name)
        return self._object_or_null(row, selected)

    def _by_text(self, place: Place, selected: Selected, reading: readings.ByText) -> str:
        name, viewer = self._named(selected, reading.text), self.viewer

        def on(_parent: Any, row: Any) -> Sequence[Any]:
            return reading.on(row, bindparam(name, type_=Text), viewer)

        return self._object_or_null(
            Place(place.level, self._joined(place, (reading, name), reading.table, on)), selected
        )

    def _named(self, selected: Selected, value: Callable[[Any], Any]) -> str:
        """The parameter for what a field's arguments name."""
        self.named.append((f"g{len(self.named)}", given_to(self.graph, selected), value))
        return self.named[-1][0]

    def _joined(self, place: Place, key: Any, table: Any, on: On) -> Source:
        """The row to one that `key` tells apart, which may not be there."""
        if len(place.level.sources) >= SOURCES:
            raise Unplanned("more rows to one than a statement joins")
        return place.level.join(key, table, place.source, on)

    def _object_or_null(self, row: Place, selected: Selected) -> str:
        id = row.level.column(row.source, "id")
        code = self._object(row, selected.kind, self._below(selected.kind, selected.details))
        return f"(None if r[{id}] is None else {code})"

    def _many(self, place: Place, selected: Selected, reading: readings.Many) -> str:
        is_root, below = reading.key is None, Level(reading.table, leading=2)
        pages = RowPages(self.graph, reading, self.viewer, below, None if is_root else place.source.table)

        def build(kind: GraphQLObjectType, details: Details) -> Build:
            row = Place(below, below.rows)
            return below.build(self._object(row, kind, self._below(kind, details)))

        key = -1 if is_root else place.level.column(place.source, "id")
        given = given_to(self.graph, selected)
        found = ListField(
            reading, given, pages, below.kids, key, place.known, self.weight, self.kind, self.shelf
        )
        return self._list(place, selected, found, build)

    def _many_made(self, place: Place, selected: Selected, reading: readings.ManyMade) -> str:
        pages = ObjectPages(self.graph, reading, self.viewer)

        def build(kind: GraphQLObjectType, details: Details) -> Build:
            return pages.build(objects.shown(kind, details, self._below))

        given = given_to(self.graph, selected)
        found = ListField(reading, given, pages, (), -1, None, self.weight, self.kind, self.shelf)
        return self._list(place, selected, found, build)

    def _list(self, place: Place, selected: Selected, found: ListField, build: BuildObjects) -> str:
        planning = Planning(found, self._below, build)
        plan_connection(planning, selected.kind, self._below(selected.kind, selected.details))
        if found.is_first:
            self.firsts.append(found)
        key = "None" if found.key < 0 else f"r[{found.key}]"
        return f"k[{place.level.below(found)}][{key}]"

    def _nodes(self, place: Place, selected: Selected, reading: readings.Nodes) -> str:
        kinds = Kinds(partial(self._kind, selected.details))
        # `node` and `nodes` look in one way; to make the statement takes 8 ms.
        probe = self.shelf.get((self.kind, reading.probe), partial(probe_of, reading, self.viewer))
        found = NodesField(reading, probe, given_to(self.graph, selected), kinds)
        self.firsts.append(found)
        return f"k[{place.level.below(found)}]"

    def _reference(self, place: Place, selected: Selected, reading: readings.Reference) -> str:
        kind, id = (place.level.column(place.source, name) for name in (reading.type, reading.id))
        kinds = Kinds(partial(self._kind, selected.details))
        found = ReferenceField(kind, id, kinds, frozenset(self.graph.tables))
        return f"k[{place.level.below(found)}].get((r[{kind}], r[{id}]))"

    def _loaded(self, place: Place, selected: Selected, reading: readings.Loaded) -> str:
        level, key = place.level, place.level.column(place.source, "id")
        shared = (reading.statement, key)
        rows = level.loads.get(shared)
        if rows is None:
            rows = LoadedRows(self.graph, reading, self.viewer, key, place.known)
            level.loads[shared] = rows
            level.below(rows)
            if place.known is not None:
                self.firsts.append(rows)
        build = objects.builder(selected.field.type, selected.details, self._below)
        found = LoadedField(rows, given_to(self.graph, selected), reading.pick, build)
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
