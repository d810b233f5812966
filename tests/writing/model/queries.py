"""Queries for everything that the model tells, and their answers in the model's words."""

from functools import cache
from typing import Any

from graphql import get_named_type

from schema import core_schema
from tests.writing.model.answers import OWNERS, counted
from tests.writing.model.state import CONTENT, FIELDS, LISTS, REFERENCES, ordered

TYPES = {
    "User": "user",
    "Thread": "thread",
    "ChatMessage": "message",
    "ContentIdea": "idea",
    "Post": "post",
    "Persona": "persona",
    "Template": "template",
    "Comment": "comment",
}
ALL = "(first: 100)"
QUOTA = "type used limit remaining hasQuota resetsAt"
ENTRY = "id type title blockedBy { id type }"
ERRORS = f"""code field
  ... on Conflict {{ current {{ id }} }}
  ... on RestoreBlocked {{ blockedBy {{ id type }} }}
  ... on QuotaExhausted {{ resetsAt quota {{ {QUOTA} }} }}"""
AUDIT = f"auditEntries{ALL} {{ nodes {{ action actorRole subjectType subjectId actor {{ id }} }} }}"
LEDGER = f"usageQuotas{ALL} {{ nodes {{ type used limit logs{ALL} {{ nodes {{ amount }} }} }} }}"


def selection(kind: str, *, whole: bool = False) -> str:
    """All that the model knows of a kind of row; `whole` with the lists below it."""
    scalars = [name for name in FIELDS[kind] if name != "systemPersona"]
    links = list(REFERENCES.get(kind, ()))
    match kind:
        case "user":
            return f"id updatedAt {' '.join(scalars)} quotas {{ {QUOTA} }}"
        case "post":
            scalars, links = [*scalars, "status"], [*links, "systemPersona"]
    found = ["id updatedAt", *scalars, *(f"{link} {{ id }}" for link in ["user", *links])]
    if whole:
        found += [f"{edge}{ALL} {{ totalCount nodes {{ id }} }}" for edge in LISTS.get(kind, {})]
    return " ".join(found)


SHOWN = {
    "QuotaState": QUOTA,
    "UsageQuota": "type used limit",
    "TrashEntry": ENTRY,
    "UserError": ERRORS,
    "DeletedRow": f"id trashEntry {{ {ENTRY} }} userErrors {{ {ERRORS} }}",
    "RestoredRow": f"id node {{ id }} userErrors {{ {ERRORS} }}",
} | {type: selection(kind) for type, kind in TYPES.items()}


@cache
def mutation(name: str) -> str:
    """The mutation, with all that its payload holds."""
    field = core_schema.type_map["Mutation"].fields[name]  # type: ignore[attr-defined]  # an object type
    types = {key: get_named_type(part.type).name for key, part in get_named_type(field.type).fields.items()}
    shown = [f"{key} {{ {SHOWN[type]} }}" if type in SHOWN else key for key, type in types.items()]
    declared, given = ["$key: String"], ["idempotencyKey: $key"]
    if "input" in field.args:
        declared.append(f"$input: {field.args['input'].type}")
        given.append("input: $input")
    return f"mutation ({', '.join(declared)}) {{ {name}({', '.join(given)}) {{ {' '.join(shown)} }} }}"


@cache
def query(role: str, *, whole: bool) -> str:
    """Everything that a caller of this role can read; `whole` or without what the rest tells already."""

    def nodes(field: str, shown: str) -> str:
        return f"{field} {{ {'totalCount' if whole else ''} nodes {{ {shown} }} }}"

    def lists() -> str:
        return " ".join(nodes(f"{kind}s{ALL}", f"...{kind}") for kind in CONTENT)

    if role == "SERVICE":
        return f"{{ {nodes(f'duePosts{ALL}', 'post { id title content scheduledOn } ownerEmail')} }}"
    own = f"{lists() if whole or role == 'USER' else ''} "
    own += f" {LEDGER} {AUDIT} subscription {{ status }}" if whole else ""
    parts = [f"viewer {{ ...user {own} }}", nodes(f"trash{ALL}", ENTRY)]
    if role == "ADMIN":
        parts += [lists(), nodes(f"users{ALL}", "...user"), nodes(f"deletedUsers{ALL}", ENTRY)]
        parts += [AUDIT] if whole else []
        parts += [nodes(f"trash_{name}: trash(first: 100, userId: ${name})", ENTRY) for name in OWNERS]
    declared = f"({', '.join(f'${name}: ID!' for name in OWNERS)})" if role == "ADMIN" else ""
    fragments = [
        f"fragment {kind} on {type} {{ {selection(kind, whole=whole)} }}" for type, kind in TYPES.items()
    ]
    return f"query {declared} {{ {' '.join(parts)} }} {' '.join(fragments)}"


def tidied(value: Any, stamps: dict[str, str]) -> Any:
    """An answer in the model's words: lists as dicts, `updatedAt` noted apart."""
    found = value
    match value:
        case {"nodes": [{"action": _}, *_] as entries}:
            quota = {"subject": "quota"}
            found = counted(
                entry | (quota if entry["subjectType"] == "UsageQuota" else {"subject": entry["subjectId"]})
                for entry in entries
            )
        case {"nodes": nodes, **more}:
            rows = [tidied(node, stamps) for node in nodes]
            found = {row["id"] if "id" in row else row["post"]["id"]: row for row in rows}
            assert more.get("totalCount", len(nodes)) == len(found) == len(nodes)
        case [{"hasQuota": _}, *_]:
            found = {quota["type"]: quota for quota in value}
        case {"userErrors": errors, **more}:
            found = {"userErrors": ordered(errors)} | tidied(more, stamps)
        case {"updatedAt": str() as stamp, "id": str() as id, **more}:
            assert stamps.setdefault(id, stamp) == stamp
            found = {"id": id} | tidied(more, stamps)
        case list():
            found = [tidied(item, stamps) for item in value]
        case dict():
            found = {key: tidied(item, stamps) for key, item in value.items()}
    return found
