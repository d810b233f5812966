"""Messages, ideas, personas, templates and comments: created, changed, saved."""

import pytest
from uuid_utils.compat import uuid7

from tests.conftest import Client
from tests.rows import NOW, fetch, insert
from tests.writing.changes import absent, bad, change, faults
from tests.writing.content.nouns import EVERY, LONG_AGO, NOUNS, Noun, World, parent, settle


@pytest.fixture
def world(database_url: str) -> World:
    return settle(database_url)


# Creating


@EVERY
async def test_a_new_row_holds_all_that_is_given(client: Client, world: World, noun: Noun) -> None:
    given = noun.whole | parent(noun, world)

    payload = await change(client, f"create{noun.title}", noun.shown, by=world.owner, **given)

    made = payload[noun.name]
    assert payload["userErrors"] == []
    assert {name: made[name] for name in noun.whole} == noun.whole
    assert made["user"] == {"id": str(world.owner)}
    for name, id in parent(noun, world).items():
        assert made[name.removesuffix("Id")] == {"id": str(id)}
    assert fetch(world.url, f'SELECT "userId" FROM "{noun.table}" WHERE id = %s', made["id"]) == [
        (world.owner,)
    ]


@EVERY
async def test_a_new_row_needs_only_what_is_required(client: Client, world: World, noun: Noun) -> None:
    given = noun.required | parent(noun, world)

    payload = await change(client, f"create{noun.title}", noun.shown, by=world.owner, **given)

    made = payload[noun.name]
    assert payload["userErrors"] == []
    assert {name: made[name] for name in noun.required} == noun.required
    assert {name: made[name] for name in noun.optional} == dict.fromkeys(noun.optional)
    assert all(made[name] > NOW.isoformat() for name in noun.defaulted)


@pytest.mark.parametrize("noun", [NOUNS["message"], NOUNS["idea"]], ids=["message", "idea"])
async def test_nothing_is_created_below_what_is_not_there(client: Client, world: World, noun: Noun) -> None:
    gone = [id for case, id in world.parents(noun).items() if case != "own"]
    before = world.stored(noun.table)

    for id in [uuid7(), *gone]:
        given = noun.required | {noun.parent or "": id}
        payload = await change(client, f"create{noun.title}", noun.shown, by=world.owner, **given)

        assert payload[noun.name] is None
        assert faults(payload) == absent(noun.parent or "")

    assert len(gone) == {"message": 2, "idea": 3}[noun.name]
    assert world.stored(noun.table) == before


async def test_an_admin_writes_into_another_users_thread_as_its_owner(client: Client, world: World) -> None:
    noun = NOUNS["message"]
    given = noun.required | parent(noun, world)

    payload = await change(client, "createMessage", noun.shown, by=world.admin, **given)

    made = payload["message"]
    assert made["user"] == {"id": str(world.owner)}
    entries = fetch(world.url, 'SELECT action, "actorId", "subjectId"::text, "userId" FROM "AuditEntry"')
    assert entries == [("createMessage", world.admin, made["id"], world.owner)]


# Changing


@EVERY
async def test_an_update_changes_what_is_given_alone(client: Client, world: World, noun: Noun) -> None:
    id = world.row(noun, **noun.whole, updatedAt=LONG_AGO)
    first = next(iter(noun.required))

    changed = await change(
        client, f"update{noun.title}", noun.shown, by=world.owner, id=id, **{first: "Changed"}
    )
    repeated = await change(client, f"update{noun.title}", noun.shown, by=world.owner, id=id)
    emptied = await change(
        client, f"update{noun.title}", noun.shown, by=world.owner, id=id, **dict.fromkeys(noun.optional)
    )

    expected = noun.whole | {first: "Changed"}
    assert {name: changed[noun.name][name] for name in noun.whole} == expected
    assert changed[noun.name]["updatedAt"] > LONG_AGO
    assert repeated == changed
    assert {name: emptied[noun.name][name] for name in noun.whole} == expected | dict.fromkeys(noun.optional)


@EVERY
async def test_what_is_never_null_can_not_be_nulled(client: Client, world: World, noun: Noun) -> None:
    id = world.row(noun, **noun.whole)
    before = world.stored(noun.table)
    needed = noun.required | noun.defaulted

    payload = await change(
        client, f"update{noun.title}", noun.shown, by=world.owner, id=id, **dict.fromkeys(needed)
    )

    assert faults(payload) == bad(*needed)
    assert world.stored(noun.table) == before


@EVERY
async def test_what_is_not_there_is_not_changed(client: Client, world: World, noun: Noun) -> None:
    cases = ["their", "deleted", "buried"] if noun.parent else ["their", "deleted"]
    ids = [uuid7(), *(world.row(noun, case, **noun.whole) for case in cases)]
    before = world.stored(noun.table)

    for id in ids:
        payload = await change(
            client, f"update{noun.title}", noun.shown, by=world.owner, id=id, **noun.required
        )

        assert payload[noun.name] is None
        assert faults(payload) == absent("id")

    assert world.stored(noun.table) == before


@EVERY
async def test_an_update_can_not_move_a_row_to_another_parent_or_owner(client: Client, noun: Noun) -> None:
    ask = "query($name: String!) { __type(name: $name) { inputFields { name } } }"

    data = await client.data(ask, {"name": f"Update{noun.title}Input"})

    references = {"personaId"} if noun.name == "comment" else set()
    assert {entry["name"] for entry in data["__type"]["inputFields"]} == (
        {"id", "ifUpdatedAt"} | set(noun.whole) | references
    )


@EVERY
async def test_an_update_of_what_has_changed_since_is_refused(
    client: Client, world: World, noun: Noun
) -> None:
    id = world.row(noun, **noun.whole, updatedAt=LONG_AGO)
    name, given = f"update{noun.title}", {"id": id, next(iter(noun.required)): "Changed"}

    first = await change(client, name, noun.shown, by=world.owner, **given, ifUpdatedAt=LONG_AGO)
    second = await change(client, name, noun.shown, by=world.owner, **given, ifUpdatedAt=LONG_AGO)
    fresh = await change(
        client, name, noun.shown, by=world.owner, **given, ifUpdatedAt=first[noun.name]["updatedAt"]
    )

    assert first["userErrors"] == fresh["userErrors"] == []
    assert second[noun.name] is None
    assert faults(second) == [("CONFLICT", "input.ifUpdatedAt")]
    assert second["userErrors"][0]["current"] == {"id": str(id)}


async def test_an_idea_is_saved_and_no_longer_saved(client: Client, world: World) -> None:
    id = world.row(NOUNS["idea"], updatedAt=LONG_AGO)
    shown = "idea { isSaved updatedAt }"

    saved = await change(client, "saveIdea", shown, by=world.owner, id=id)
    again = await change(client, "saveIdea", shown, by=world.owner, id=id)
    unsaved = await change(client, "unsaveIdea", shown, by=world.owner, id=id)

    assert saved["idea"]["isSaved"]
    assert saved["idea"]["updatedAt"] > LONG_AGO
    assert again == saved
    assert not unsaved["idea"]["isSaved"]


async def test_nobody_elses_idea_is_saved(client: Client, world: World) -> None:
    theirs = world.row(NOUNS["idea"], "their")

    payload = await change(client, "saveIdea", "idea { id }", by=world.owner, id=theirs)

    assert faults(payload) == absent("id")
    assert fetch(world.url, 'SELECT "isSaved" FROM "ContentIdea"') == [(False,)]


async def test_a_comment_belongs_to_a_persona_of_its_owner(client: Client, world: World) -> None:
    comment, persona = world.row(NOUNS["comment"]), world.row(NOUNS["persona"])
    foreign = [insert(world.url, "Persona", userId=user) for user in (world.admin, world.stranger)]
    foreign.append(world.row(NOUNS["persona"], "deleted"))
    shown = "comment { persona { id } }"

    set_ = await change(client, "updateComment", shown, by=world.admin, id=comment, personaId=persona)
    before = world.stored("Comment")
    refused = [
        await change(client, "updateComment", shown, by=by, id=comment, personaId=id)
        for id in foreign
        for by in (world.owner, world.admin)
    ]
    refused += [
        await change(
            client, "createComment", shown, by=world.owner, personaId=id, **NOUNS["comment"].required
        )
        for id in foreign
    ]
    after = world.stored("Comment")
    cleared = await change(client, "updateComment", shown, by=world.owner, id=comment, personaId=None)

    assert set_["comment"]["persona"] == {"id": str(persona)}
    assert [faults(payload) for payload in refused] == [absent("personaId")] * 9
    assert after == before
    assert cleared["comment"]["persona"] is None
