"""A collector of traces: OTLP over HTTP, kept for tests to look at."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

PATH = "/v1/traces"


@dataclass(frozen=True)
class Told:
    """One span, as it arrived."""

    name: str
    trace: str
    id: str
    parent: str
    began: int
    ended: int
    attributes: dict[str, Any]
    is_error: bool


@dataclass
class Collector:
    """What has arrived."""

    endpoint: str
    bodies: list[bytes] = field(default_factory=list)
    """As they came."""

    @property
    def spans(self) -> list[Told]:
        """Those of all requests, by when they began."""
        return sorted((one for body in self.bodies for one in _spans(body)), key=lambda one: one.began)

    def named(self, name: str) -> list[Told]:
        return [one for one in self.spans if one.name == name]

    def tree(self, parent: str = "") -> list[Any]:
        """The names of spans, and below each those of its children."""
        kids = [one for one in self.spans if one.parent == parent]
        return [(one.name, self.tree(one.id)) if self.tree(one.id) else one.name for one in kids]


def _spans(body: bytes) -> Iterator[Told]:
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                values = {
                    one.key: getattr(one.value, one.value.WhichOneof("value")) for one in span.attributes
                }
                yield Told(
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    span.start_time_unix_nano,
                    span.end_time_unix_nano,
                    values,
                    span.status.code == span.status.STATUS_CODE_ERROR,
                )


def _value(value: Any) -> Any:
    return getattr(value, value.WhichOneof("value"))


@contextmanager
def collecting() -> Iterator[Collector]:
    """A collector that listens."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            is_good = (self.path, self.headers["content-type"]) == (PATH, "application/x-protobuf")
            if is_good:
                collector.bodies.append(body)
            self.send_response(200 if is_good else 400)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(f"http://127.0.0.1:{server.server_address[1]}{PATH}")
        thread = Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield collector
        server.shutdown()
        thread.join()
