"""GraphiQL, served from this package alone: a browser asks no other host for anything."""

import json
from functools import cache
from pathlib import Path
from typing import Any, Final, TypedDict

from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles

_HERE = Path(__file__).parent
ASSETS: Final = _HERE / "dist"
"""What `npm run build` made of `src/`."""
MOUNT: Final = "/graphiql"

_NO_SNIFFING = {"X-Content-Type-Options": "nosniff"}
_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            # Monaco writes a style attribute for every line, and style elements without a nonce.
            "style-src 'self' 'unsafe-inline'",
            "font-src 'self'",
            "img-src 'self' data:",  # Monaco's squiggles
            "connect-src 'self'",
            "worker-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "form-action 'none'",
        )
    ),
    **_NO_SNIFFING,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",  # the page may hold a token
}

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Zorbit GraphiQL</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{style}">
<script type="application/json" id="config">{config}</script>
<script type="module" src="{script}"></script>
</head>
<body>
<div id="graphiql"></div>
</body>
</html>
"""


class Assets(StaticFiles):
    """The assets, to be mounted at `MOUNT`."""

    def file_response(self, *arguments: Any, **named: Any) -> Response:
        """Taken for what it is said to be, and nothing else."""
        response = super().file_response(*arguments, **named)
        response.headers.update(_NO_SNIFFING)
        return response


class Example(TypedDict):
    """A tab at the first visit: `<name>.graphql` and, if it takes variables, `<name>.json`."""

    query: str
    variables: str | None


def page(*, endpoint: str, token: str | None) -> HTMLResponse:
    """GraphiQL for the GraphQL server at `endpoint`, with `token` filled in for every operation."""
    config = json.dumps({"endpoint": endpoint, "token": token, "examples": examples()})
    content = _PAGE.format(
        style=_asset("main-*.css"),
        script=_asset("main-*.js"),
        config=config.replace("<", "\\u003c"),  # or else `</script>` and `<!--` would end the JSON early
    )
    return HTMLResponse(content, headers=_HEADERS)


@cache
def examples() -> tuple[Example, ...]:
    """The examples in the order of their file names."""
    return tuple(_example(path) for path in sorted((_HERE / "examples").glob("*.graphql")))


def _example(path: Path) -> Example:
    variables = path.with_suffix(".json")
    return {
        "query": path.read_text("utf-8"),
        "variables": variables.read_text("utf-8") if variables.exists() else None,
    }


@cache
def _asset(pattern: str) -> str:
    """The address of the one file that the build named so; its hash changes with its content."""
    (path,) = ASSETS.glob(pattern)
    return f"{MOUNT}/{path.name}"
