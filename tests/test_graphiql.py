"""GraphiQL in a real browser, against a server that stands in for Zorbit."""

import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlsplit

import pytest
import strawberry
import uvicorn
from graphql import OperationDefinitionNode, parse
from playwright.async_api import Locator, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from strawberry.asgi import GraphQL

from tests.browser import browse
from zorbit import graphiql

T = TypeVar("T")


@strawberry.type
class Nodes(Generic[T]):
    nodes: list[T]


@strawberry.type
class Persona:
    id: strawberry.ID
    name: str


@strawberry.type
class Post:
    id: strawberry.ID
    title: str
    persona: Persona | None


@strawberry.type
class Idea:
    id: strawberry.ID
    title: str
    key_takeaways: list[str]


@strawberry.type
class Message:
    id: strawberry.ID
    content: str

    @strawberry.field
    def ideas(self, first: int) -> Nodes[Idea]:
        return Nodes(nodes=[])

    @strawberry.field
    def posts(self, first: int) -> Nodes[Post]:
        return Nodes(nodes=[])


@strawberry.type
class Thread:
    id: strawberry.ID
    title: str

    @strawberry.field
    def messages(self, first: int) -> Nodes[Message]:
        return Nodes(nodes=[Message(id=strawberry.ID("m1"), content="Hello")])


@strawberry.type
class Viewer:
    id: strawberry.ID
    email: str

    @strawberry.field
    def threads(self, first: int) -> Nodes[Thread]:
        return Nodes(nodes=[Thread(id=strawberry.ID("t1"), title="Launch")])


@strawberry.type
class Query:
    @strawberry.field
    def viewer(self) -> Viewer:
        return Viewer(id=strawberry.ID("u1"), email="demo@zorbit.test")


@dataclass
class Server:
    """Where the server listens, and the token that its pages fill in."""

    url: str
    token: str


@pytest.fixture
def server() -> Iterator[Server]:
    async def page(_: Request) -> Response:
        return graphiql.page(endpoint="/graphql", token=there.token)

    routes = [
        Route("/graphql", page, methods=["GET"]),
        Route("/graphql", GraphQL[None, None](strawberry.Schema(Query), graphql_ide=None)),
        Mount(graphiql.MOUNT, StaticFiles(directory=graphiql.ASSETS)),
    ]
    listener = socket.create_server(("127.0.0.1", 0))
    there = Server(f"http://127.0.0.1:{listener.getsockname()[1]}/graphql", token="token-of-this-run")
    uvicorn_server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), log_level="warning", ws="none"))
    thread = threading.Thread(target=uvicorn_server.run, args=([listener],))
    thread.start()
    yield there
    uvicorn_server.should_exit = True
    thread.join()


def test_page_cannot_be_framed_scripted_or_kept() -> None:
    headers = graphiql.page(endpoint="/graphql", token="secret").headers

    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_config_cannot_end_its_script_element() -> None:
    hostile = "</script><script>alert(1)</script><!--"

    body = bytes(graphiql.page(endpoint=hostile, token=None).body).decode()

    config = body.partition('id="config">')[2].partition("</script>")[0]
    assert json.loads(config)["endpoint"] == hostile


@pytest.mark.parametrize("example", graphiql.examples(), ids=lambda example: example["query"].split()[1])
def test_example_explains_itself_and_has_a_title(example: graphiql.Example) -> None:
    (operation,) = parse(example["query"]).definitions

    assert example["query"].startswith("# ")
    assert isinstance(operation, OperationDefinitionNode)
    assert operation.name
    wanted = {variable.variable.name.value for variable in operation.variable_definitions or ()}
    assert set(json.loads(example["variables"] or "{}")) == wanted


def test_no_asset_is_missing_its_licence_or_names_a_cdn() -> None:
    assert (graphiql.ASSETS / "LICENSES.txt").stat().st_size > 10_000
    for asset in graphiql.ASSETS.iterdir():
        for host in (b"unpkg.com", b"jsdelivr.net", b"esm.sh", b"cdnjs."):
            assert host not in asset.read_bytes(), asset.name


@pytest.mark.browser
async def test_operation_runs_with_the_token_filled_in(server: Server) -> None:
    async with browse() as browser:
        page = await browser.visit(server.url)
        await expect(page).to_have_title("Zorbit GraphiQL")
        await expect(page.locator(".graphiql-tab-button")).to_have_text(
            ["Workspace", "Drafts", "Quotas", "Search", "Invoices"]
        )

        authorization = await _run(page)

        await expect(page.locator(".graphiql-response")).to_contain_text("demo@zorbit.test")
        assert authorization == f"Bearer {server.token}"
        assert browser.complaints == []
        assert {urlsplit(request.url).netloc for request in browser.requests} == {urlsplit(server.url).netloc}


@pytest.mark.browser
async def test_side_panes_know_the_schema(server: Server) -> None:
    async with browse() as browser:
        page = await browser.visit(server.url)
        await _run(page)

        await page.get_by_label("Show Documentation Explorer").click()
        await expect(page.locator(".graphiql-plugin")).to_contain_text("Root Types")
        await page.get_by_label("Show GraphiQL Explorer").click()
        await expect(page.locator(".graphiql-explorer-root")).to_contain_text("threads")
        await page.get_by_label("Show History").click()
        await expect(page.locator(".graphiql-history-item")).to_have_count(1)

        assert browser.complaints == []


@pytest.mark.browser
async def test_editor_highlights_completes_and_validates(server: Server) -> None:
    async with browse() as browser:
        page = await browser.visit(server.url)
        editor = page.locator(".graphiql-query-editor")
        await expect(
            editor.locator(".view-line", has_text="viewer").locator("[class*=mtk]").first
        ).to_be_visible()
        await expect(editor.locator(".squiggly-error")).to_have_count(0)

        await page.get_by_label("New tab").click()
        await _write(page, editor, "{ viewer { wrong em")
        await page.keyboard.press("Control+Space")

        await expect(page.locator(".suggest-widget")).to_contain_text("email")
        await expect(editor.locator(".squiggly-error").first).to_be_visible()
        assert browser.complaints == []


@pytest.mark.browser
async def test_fresh_token_replaces_the_one_of_an_earlier_visit(server: Server) -> None:
    async with browse() as browser:
        page = await browser.visit(server.url)
        await _persist_headers(page)
        await _run(page)
        assert server.token not in await _stored(page)

        server.token = "token-of-the-next-run"
        await page.reload()

        assert await _run(page) == "Bearer token-of-the-next-run"
        await expect(page.locator(".graphiql-tab-button")).to_have_count(5)


@pytest.mark.browser
@pytest.mark.parametrize("persists", [True, False])
async def test_typed_header_is_kept_only_on_request(server: Server, persists: bool) -> None:
    async with browse() as browser:
        page = await browser.visit(server.url)
        if persists:
            await _persist_headers(page)
        await _write(page, page.locator(".graphiql-editor:visible").last, '{"Authorization": "Bearer typed"}')
        assert await _run(page) == "Bearer typed"
        assert ("Bearer typed" in await _stored(page)) is persists

        await page.reload()

        assert await _run(page) == ("Bearer typed" if persists else f"Bearer {server.token}")
        await expect(page.locator(".graphiql-tab-button")).to_have_count(5)


@pytest.mark.browser
async def test_operation_from_the_history_is_signed_in(server: Server) -> None:
    async with browse() as browser:
        page = await browser.visit(server.url)
        await _run(page)
        await page.reload()
        await page.get_by_label("Show History").click()

        await page.locator(".graphiql-history-item-label").first.click()

        assert await _run(page) == f"Bearer {server.token}"


async def _run(page: Page) -> str | None:
    """Press the play button, and return the Authorization header that was sent."""
    async with page.expect_request(lambda request: "Workspace" in (request.post_data or "")) as sent:
        await page.get_by_label("Execute query").click()
    return await (await sent.value).header_value("authorization")


async def _write(page: Page, editor: Locator, text: str) -> None:
    """Replace the whole text of `editor`."""
    await editor.click()
    await page.keyboard.press("Control+A")
    await page.keyboard.insert_text(text)
    await page.keyboard.press("Control+Shift+End")  # quotes and brackets that the editor closed by itself
    await page.keyboard.press("Delete")


async def _persist_headers(page: Page) -> None:
    """Opt in, in the settings dialog."""
    await page.get_by_label("Open settings dialog").click()
    await page.get_by_role("dialog").get_by_role("button", name="On", exact=True).click()
    await page.keyboard.press("Escape")


async def _stored(page: Page) -> str:
    """All of localStorage, when GraphiQL, which writes half a second late, is done."""
    await page.wait_for_timeout(1_000)
    return str(await page.evaluate("JSON.stringify(localStorage)"))
