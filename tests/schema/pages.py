"""Pages asked for, cursors as the API would write them, and what refusals say."""

import base64
from typing import Any

import orjson

QUERY = """
    query($first: Int, $after: String, $last: Int, $before: String, $orderBy: UserPostsOrder) {
      viewer { posts(first: $first, after: $after, last: $last, before: $before, orderBy: $orderBy) {
        nodes { id } pageInfo { endCursor }
      } }
    }
"""
ID = "0191d3a2-7c1e-7b6a-9b1f-2f6c1d8e4a57"


def cursor(*content: Any) -> str:
    """A cursor as the API would write it, of any content."""
    return encoded(orjson.dumps(content))


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def refusal(answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The one error of an answer: message and extensions."""
    (error,) = answer["errors"]
    return error["message"], error["extensions"]
