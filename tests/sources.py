"""The sources, and where in them rows are read."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from zorbit import models

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(path for room in ("zorbit", "schema") for path in (ROOT / room).rglob("*.py"))
ENGINE = ROOT / "zorbit" / "engine"
TABLES = {table.__name__ for table in models.TABLES}
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
            if id(node) not in prose | triggers and RAW.search(text_of(node)):
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


def text_of(node: ast.AST) -> str:
    """A string as it is written, `{}` for what is put into it."""
    match node:
        case ast.Constant(value=str() as text):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(text_of(part) or "{}" for part in parts)
    return ""


def found_in(source: str) -> list[str]:
    return [ast.unparse(node) for node in Module(ast.parse(source)).reads()]
