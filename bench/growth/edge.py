"""What Zorbit's edge costs, and tracing: one server without, the others with ever more of it."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from bench import database
from bench.answers import Reference
from bench.growth.points import keep, points
from bench.peers import PEERS
from bench.postgres import Server
from bench.rounds import Options
from bench.servers import Running, all_running
from bench.tasks import reads

INSIDE = "inside"
RATIOS = {"edge": None, "sampled out": "0", "one in a hundred": "0.01", "all traced": "1"}
"""How many requests are traced, by the names of servers; None where no collector is set."""


class _Collector(BaseHTTPRequestHandler):
    """Takes whatever is sent."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


def edge(server: Server, url: str, options: Options) -> None:
    """The workload's queries, by servers that differ in what stands around their plans."""
    with server.connect(database.NAME) as connection, _collector() as collector, ExitStack() as stack:
        running: list[Running] = []
        for name, settings in _servers(collector).items():
            program = INSIDE if name == INSIDE else ""
            peer = replace(PEERS["zorbit"], name=name, program=program)
            running += stack.enter_context(all_running([peer], url, settings))
        found = points(server, running, reads(Reference(connection)), options, 0)
    keep("edge", found)


def _servers(collector: str) -> dict[str, dict[str, str]]:
    traced = {
        name: {"ZORBIT_TRACES_ENDPOINT": collector, "ZORBIT_TRACES_RATIO": ratio} if ratio else {}
        for name, ratio in RATIOS.items()
    }
    return {INSIDE: {}} | traced


@contextmanager
def _collector() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1/traces"
    server.shutdown()
    thread.join()
    server.server_close()
