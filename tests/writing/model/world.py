"""The server and the model side by side: both are sent the same, and what can be read is compared."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import InitVar, dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from tests.conftest import Client
from tests.rows import insert
from tests.writing.model.answers import CALLERS, OWNERS, ROLES, Model
from tests.writing.model.choices import Choice
from tests.writing.model.inputs import INPUTS
from tests.writing.model.queries import mutation, query, tidied
from tests.writing.model.state import State
from tests.writing.model.steps import MISUSE, sensible, step

MISSED = timedelta(days=2)
Request = tuple[str, str, dict[str, Any], str | None]
"""A mutation, by whom, its input, and its idempotency key."""
LIMITS = {
    "POST_GENERATION": ("postGenerationLimit", 3),
    "IDEA_GENERATION": ("ideaGenerationLimit", 3),
    "COMMENT_GENERATION": ("commentGenerationLimit", 1),
    "POST_SCHEDULING": ("postSchedulingLimit", 1),
    "PERSONA": ("personaLimit", 2),
    "IMAGE_CREATION": ("imageCreationLimit", 1),
}
TABLES: dict[str, tuple[str, dict[str, Any]]] = {
    "thread": ("Thread", {"title": "A thread", "type": "POST"}),
    "message": ("ChatMessage", {"content": "A message"}),
    "idea": ("ContentIdea", {"title": "An idea", "content": "In full."}),
    "persona": ("Persona", {"name": "Ada", "defaultPrompt": "Write plainly."}),
    "template": ("Template", {"name": "Hook", "content": "Once ..."}),
    "comment": (
        "Comment",
        {"firstName": "Jo", "lastName": "Doe", "quote": "Well said.", "date": "2020-01-01T00:00:00Z"},
    ),
    "post": ("Post", {"content": "A post.", "type": "POST"}),
}
COLUMNS = {
    "message": "chatMessageId",
    "thread": "threadId",
    "persona": "personaId",
    "template": "templateId",
    "type": "type",
}


@dataclass(repr=False)
class World:
    """The server and the model side by side."""

    client: Client
    url: str
    now: InitVar[datetime]
    model: Model = field(init=False)
    ids: dict[str, str] = field(default_factory=lambda: {"unknown": str(uuid4())})
    sent: list[Request] = field(default_factory=list)
    versions: dict[str, tuple[int, str]] = field(default_factory=dict)

    told: list[str] = field(default_factory=list)
    """What was sent, and what came of it."""

    def __post_init__(self, now: datetime) -> None:
        limits = {type: limit for type, (_, limit) in LIMITS.items()}
        past, missed, end = (instant(at) for at in (now, now - MISSED, cycle(now)[1]))
        self.model = Model(State(limits, past=past, missed=missed, resets_at=end))
        self.populate(now)

    @property
    def state(self) -> State:
        return self.model.state

    # Beginning

    def plant(self, kind: str, user: str, **values: Any) -> str:
        """A row in the database, and in the model."""
        table, plain = TABLES[kind]
        whole = plain | values
        columns = {COLUMNS.get(key, key): self.ids.get(str(value), value) for key, value in whole.items()}
        columns |= {"type": columns["type"].lower()} if "type" in columns else {}
        owned = {} if kind == "idea" else {"userId": self.ids[user]}
        id = str(insert(self.url, table, **columns, **owned))
        flags = dict.fromkeys(("isSaved", "isLiked", "isDisliked", "published", "isPostedOnLinkedin"), False)
        defaults = {"idea": {"isSaved": False}, "post": flags}.get(kind, {})
        name = self.state.add(kind, user, **defaults | whole)
        self.ids[name] = id
        return name

    def populate(self, now: datetime) -> None:
        """Four callers, two of them subscribers with a row of each kind, and a post that is due or missed."""
        plan = insert(self.url, "Plan", **dict(LIMITS.values()))
        for name, role in ROLES.items():
            email = f"{name}@example.com"
            self.ids[name] = str(insert(self.url, "User", email=email, role=role.lower()))
            self.state.add("user", None, name, email=email, role=role)
        start, end = cycle(now)
        paid = {"planId": plan, "startDate": start, "renewalDate": end}
        for user, at in zip(OWNERS, (now - timedelta(hours=1), now - MISSED), strict=True):
            insert(self.url, "Subscription", userId=self.ids[user], **paid)
            self.state.subscribed[user] = "ACTIVE"
            message = self.plant("message", user, thread=self.plant("thread", user))
            self.plant("idea", user, message=message)
            persona, template = self.plant("persona", user), self.plant("template", user)
            self.plant("comment", user, persona=persona)
            self.plant("post", user, message=message, persona=persona, template=template)
            self.plant("post", user, scheduledOn=instant(at), published=True)

    # Steps

    async def take(self, vein: str, random: Random) -> None:
        """Send a mutation, and compare."""
        mutation, caller, given, key = self.request(vein, random)
        self.sent.append((mutation, caller, given, key))
        possible = self.model.answers(caller, mutation, given, key)
        found = await self.send(mutation, caller, given, key)
        self.bind(possible[0], found)
        found = tidied(self.named(found), {})
        self.told.append(f"{caller}: {mutation}({brief(given)}) {key or ''} -> {brief(found)}")
        if isinstance(found, dict):  # what the model does not tell of is null
            possible = [dict.fromkeys(found) | payload for payload in possible]
        if found not in possible:
            demand_same(found, possible[0])
        effective = isinstance(found, dict) and not found["userErrors"]
        await self.compare(self.readers(caller, effective=effective))

    def readers(self, caller: str, *, effective: bool) -> list[str]:
        """Admins, who see everything; and where something changed, one to whom it may look otherwise."""
        live = self.live()
        admins = [name for name in live if self.state.role(name) == "ADMIN"]
        others = [name for name in live if name not in admins]
        if not admins or not others:
            return live
        other = caller if caller in others else others[len(self.sent) % len(others)]
        return [*admins, other] if effective else admins

    def live(self) -> list[str]:
        """Who can still read."""
        return [name for name in CALLERS if not self.state.rows[name]["deleted"]]

    def request(self, vein: str, random: Random) -> Request:
        """What is to be sent: something new, or the same again, or something else under the same key."""
        mutation, caller = step(self.state, vein, random)
        if mutation in INPUTS:
            choice = Choice(self.state, caller, random)
            mutation = sensible(choice, mutation)
            key = random.choice([None, f"key-{len(self.sent)}", f"key-{len(self.sent)}"])
            return mutation, caller, INPUTS[mutation](choice), key
        if not self.sent:
            return "createThread", caller, {}, None
        before, caller, given, key = random.choice(self.sent)
        if mutation == MISUSE:
            given = INPUTS[before](Choice(self.state, caller, random))
        return before, caller, given, key

    async def send(self, name: str, caller: str, given: Any, key: str | None) -> Any:
        """The payload, or the code of why there is none."""
        variables = {"input": self.sendable(given), "key": key}
        answer = await self.ask(mutation(name), caller, variables)
        return answer if isinstance(answer, str) else answer[name]

    async def ask(self, text: str, caller: str, variables: Any = None) -> Any:
        """The data, or the code of why there are none."""
        token = self.client.token(UUID(self.ids[caller]))
        response = await self.client.post(text, variables, authorization=f"Bearer {token}")
        answer = response.json()
        if "errors" in answer:
            assert not answer.get("data"), answer
            return answer["errors"][0]["extensions"]["code"]
        return answer["data"]

    # Comparing

    async def compare(self, by: Iterable[str], *, whole: bool = False) -> None:
        """What callers can read."""
        for caller in by:
            stamps: dict[str, str] = {}
            role = self.state.role(caller)
            users = {name: self.ids[name] for name in OWNERS} if role == "ADMIN" else None
            found = await self.ask(query(role, whole=whole), caller, users)
            if whole and "viewer" in found:
                self.compare_ledger(caller, found["viewer"].pop("usageQuotas")["nodes"])
            demand_same(tidied(self.named(found), stamps), self.model.reading(caller, whole=whole))
            self.compare_stamps(stamps)

    def compare_ledger(self, caller: str, ledger: Any) -> None:
        """Each quota that has a row is the sum of its entries."""
        stored = {quota["type"]: (quota["used"], quota["limit"]) for quota in ledger}
        sums = {quota["type"]: sum(entry["amount"] for entry in quota["logs"]["nodes"]) for quota in ledger}
        states = {type: self.state.quota(user, type) for user, type in self.state.begun if user == caller}
        demand_same(stored, {type: (state["used"], state["limit"]) for type, state in states.items()})
        demand_same(sums, {type: state["used"] for type, state in states.items()})

    def compare_stamps(self, stamps: dict[str, str]) -> None:
        """`updatedAt` moves when a row was changed, and only then."""
        for name, stamp in stamps.items():
            version = self.state.rows[name]["version"]
            before, at = self.versions.get(name, (version, stamp))
            demand_same({f"updatedAt of {name}": stamp > at}, {f"updatedAt of {name}": version > before})
            self.versions[name] = version, stamp
            self.state.stamps[name] = stamp

    # Names for ids

    def sendable(self, value: Any) -> Any:
        match value:
            case dict():
                return {key: self.sendable(item) for key, item in value.items()}
            case list():
                return [self.sendable(item) for item in value]
            case str():
                return self.ids.get(value, value)
        return value

    def named(self, value: Any) -> Any:
        names = {id: name for name, id in self.ids.items()}

        def named(value: Any) -> Any:
            match value:
                case dict():
                    return {names.get(key, key): named(item) for key, item in value.items()}
                case list():
                    return [named(item) for item in value]
                case str():
                    return names.get(value, value)
            return value

        return named(value)

    def bind(self, expected: Any, found: Any) -> None:
        """Learn the ids of new rows from where the model has their names."""
        match expected, found:
            case dict(), dict():
                for key in expected.keys() & found.keys():
                    self.bind(expected[key], found[key])
            case list(), list():
                for one, other in zip(expected, found, strict=False):
                    self.bind(one, other)
            case str(), str() if expected in self.state.rows and expected not in self.ids:
                self.ids[expected] = found


def demand_same(found: Any, expected: Any) -> None:
    if differences := list(different(found, expected)):
        raise AssertionError("\n".join(differences))


def different(found: Any, expected: Any, *place: str) -> Iterator[str]:
    """Where the two differ, and in what."""
    if isinstance(found, dict) and isinstance(expected, dict):
        for key in found.keys() | expected.keys():
            yield from different(found.get(key), expected.get(key), *place, str(key))
    elif found != expected:
        yield f"{'.'.join(place)} is {brief(found)}, not {brief(expected)}"


def brief(value: Any) -> str:
    """JSON with what is long cut short."""
    return re.sub(r"(x|\\ud83d\\ude42){9,}", r"\1...", json.dumps(value))


def cycle(now: datetime) -> tuple[datetime, datetime]:
    """A month that began a day or a few ago."""
    start = now - timedelta(days=1)
    start = start.replace(day=min(28, start.day))
    return start, (start + timedelta(days=31)).replace(day=start.day)


def instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
