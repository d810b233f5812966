"""GraphiQL in a real browser, which reaches nothing but the server."""

import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from urllib.parse import urlsplit

import pytest
import uvicorn
from graphql import OperationDefinitionNode, parse, validate
from playwright.async_api import Locator, Page, expect

from schema import core_schema
from tests import rows
from tests.browser import Browser, Chromium, browse, started
from zorbit import app, graphiql
from zorbit.config import Settings
from zorbit.demo import DEMO_EMAIL


@pytest.fixture(scope="module")
def server(worker_database: str, settings: Settings) -> Iterator[str]:
    """The page of a real server."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(app.create(settings, worker_database), log_level="warning", ws="none")
    server = uvicorn.Server(config)
    runner = threading.Thread(target=server.run, args=([listener],))
    runner.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/graphql"
    server.should_exit = True
    runner.join()


@pytest.fixture
def address(server: str, database_url: str) -> str:
    """The page, with a demo user who has a conversation."""
    user = rows.insert(database_url, "User", email=DEMO_EMAIL)
    thread = rows.insert(database_url, "Thread", userId=user, title="Launch")
    rows.insert(database_url, "ChatMessage", userId=user, threadId=thread)
    return server


@pytest.fixture(scope="module")
async def chromium() -> AsyncIterator[Chromium]:
    """One browser for all tests of this file; each has a profile of its own."""
    async with started() as chromium:
        yield chromium


@pytest.fixture
async def browser(chromium: Chromium) -> AsyncIterator[Browser]:
    """A profile that has never been here."""
    async with browse(chromium) as browser:
        yield browser


def test_page_cannot_be_framed_scripted_or_kept() -> None:
    headers = graphiql.page(endpoint="/graphql", token="secret").headers

    policy = dict(directive.split(" ", 1) for directive in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["worker-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_config_cannot_end_its_script_element() -> None:
    hostile = "</script><script>alert(1)</script><!--"

    body = bytes(graphiql.page(endpoint=hostile, token=None).body).decode()

    config = body.partition('id="config">')[2].partition("</script>")[0]
    assert json.loads(config)["endpoint"] == hostile


@pytest.mark.parametrize("example", graphiql.examples(), ids=lambda example: example["query"].split()[1])
def test_example_explains_itself_and_has_a_title(example: graphiql.Example) -> None:
    document = parse(example["query"])
    (operation,) = document.definitions

    assert validate(core_schema, document) == []
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
async def test_operation_runs_with_the_token_filled_in(browser: Browser, address: str) -> None:
    page = await browser.visit(address)
    await expect(page).to_have_title("Zorbit GraphiQL")
    await expect(page.locator(".graphiql-tab-button")).to_have_text(
        ["Workspace", "Drafts", "Quotas", "Search", "Invoices", "WriteDraft"]
    )

    authorization = await _run(page)

    await expect(page.locator(".graphiql-response")).to_contain_text(DEMO_EMAIL)
    assert authorization == f"Bearer {await _token(page)}"
    assert browser.complaints == []
    assert {urlsplit(request.url).netloc for request in browser.requests} == {urlsplit(address).netloc}


@pytest.mark.browser
async def test_side_panes_know_the_schema(browser: Browser, address: str) -> None:
    page = await browser.visit(address)
    await _run(page)

    await page.get_by_label("Show Documentation Explorer").click()
    await expect(page.locator(".graphiql-plugin")).to_contain_text("Root Types")
    await page.get_by_label("Show GraphiQL Explorer").click()
    await expect(page.locator(".graphiql-explorer-root")).to_contain_text("threads")
    await page.get_by_label("Show History").click()
    await expect(page.locator(".graphiql-history-item")).to_have_count(1)

    assert browser.complaints == []


@pytest.mark.browser
async def test_editor_highlights_completes_and_validates(browser: Browser, address: str) -> None:
    page = await browser.visit(address)
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
async def test_fresh_token_replaces_the_one_of_an_earlier_visit(browser: Browser, address: str) -> None:
    page = await browser.visit(address)
    await _persist_headers(page)
    await _run(page)
    earlier = await _token(page)
    assert earlier not in await _stored(page)

    await page.reload()

    assert await _run(page) == f"Bearer {await _token(page)}" != f"Bearer {earlier}"


@pytest.mark.browser
@pytest.mark.parametrize("persists", [True, False])
async def test_typed_header_is_kept_only_on_request(browser: Browser, address: str, persists: bool) -> None:
    page = await browser.visit(address)
    if persists:
        await _persist_headers(page)
    headers = page.locator(".graphiql-editor:visible").last
    await expect(headers).to_contain_text("Authorization")  # or the token would be filled in over it
    await _write(page, headers, '{"Authorization": "Bearer typed"}')
    assert await _run(page) == "Bearer typed"
    assert ("Bearer typed" in await _stored(page)) is persists

    await page.reload()

    assert await _run(page) == ("Bearer typed" if persists else f"Bearer {await _token(page)}")


@pytest.mark.browser
async def test_operation_from_the_history_is_signed_in(browser: Browser, address: str) -> None:
    page = await browser.visit(address)
    await _run(page)
    await page.reload()
    await page.get_by_label("Show History").click()

    await page.locator(".graphiql-history-item-label").first.click()

    assert await _run(page) == f"Bearer {await _token(page)}"


async def _run(page: Page) -> str | None:
    """Press the play button, and return the Authorization header that was sent."""
    # The button is there before the editor knows its text.
    await expect(page.locator(".graphiql-query-editor .view-lines")).to_contain_text("Workspace")
    async with page.expect_request(lambda request: "Workspace" in (request.post_data or "")) as sent:
        await page.get_by_label("Execute query").click()
    return await (await sent.value).header_value("authorization")


async def _token(page: Page) -> str:
    """The token that the server filled into this page."""
    return str(await page.evaluate("JSON.parse(document.getElementById('config').textContent).token"))


async def _write(page: Page, editor: Locator, text: str) -> None:
    """Replace the whole text of `editor`."""
    await editor.click()
    await page.keyboard.press("Control+A")
    await page.keyboard.insert_text(text)
    await page.keyboard.press("Control+Shift+End")  # quotes and brackets that the editor closed by itself
    await page.keyboard.press("Delete")
    await page.wait_for_timeout(500)  # GraphiQL takes over what was typed after a pause


async def _persist_headers(page: Page) -> None:
    """Opt in, in the settings dialog."""
    await page.get_by_label("Open settings dialog").click()
    await page.get_by_role("dialog").get_by_role("button", name="On", exact=True).click()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)


async def _stored(page: Page) -> str:
    """All of localStorage, when GraphiQL, which writes half a second late, has long been silent."""
    seen: list[str] = []
    while len(seen) < 5 or len(set(seen[-5:])) > 1:
        await page.wait_for_timeout(400)
        seen.append(str(await page.evaluate("JSON.stringify(localStorage)")))
    return seen[-1]
