"""Lists that are read together with the list above them."""

from datetime import timedelta

from tests.conftest import Client
from tests.rows import NOW, insert


async def test_the_row_that_only_tells_that_there_are_more_lends_nothing_to_the_page(
    client: Client, database_url: str
) -> None:
    user = insert(database_url, "User")
    older, newer = (
        insert(database_url, "Thread", userId=user, createdAt=NOW + timedelta(days=day)) for day in (0, 1)
    )
    message = insert(database_url, "ChatMessage", userId=user, threadId=older)

    async def ask(first: int) -> list[list[str]]:
        query = "query($first: Int!) { viewer { threads(first: $first) { %s pageInfo { hasNextPage } } } }"
        selected = query % "nodes { id messages { nodes { id } } }"
        data = await client.data(selected, {"first": first}, by=user)
        threads = data["viewer"]["threads"]["nodes"]
        return [[row["id"], *(below["id"] for below in row["messages"]["nodes"])] for row in threads]

    assert await ask(1) == [[str(newer)]]
    assert await ask(2) == [[str(newer)], [str(older), str(message)]]


async def test_quotas_are_read_with_the_caller(client: Client, database_url: str) -> None:
    user = insert(database_url, "User")
    insert(database_url, "Persona", userId=user)
    body = {
        "query": "{ viewer { quotas { type used } quota(type: PERSONA) { used limit } } }",
        "extensions": {"compiled": True},
    }
    headers = {"authorization": f"Bearer {client.token(user)}"}

    answer = (await client.http.post("/graphql", json=body, headers=headers)).json()

    assert answer["extensions"] == {"compiled": True}
    assert answer["data"]["viewer"]["quota"] == {"used": 1, "limit": 0}
    assert {state["type"]: state["used"] for state in answer["data"]["viewer"]["quotas"]}["PERSONA"] == 1
