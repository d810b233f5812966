"""PostgreSQL at the level of its protocol: statements sent together, answered in one round trip.

psycopg connects, and its wrapper of libpq does the rest. Its cursors cost 35 microseconds a statement even
when that is prepared; by hand one costs 8, and a second one of the same round trip 2 more.
"""

import asyncio
import os
import select
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Any

import psycopg
from psycopg.adapt import AdaptersMap, Transformer
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.types.string import TextLoader

from zorbit.engine.journal import Span, end, name_of, sent

PREPARED = 200
"""Prepared statements a connection keeps: a hostile stream of texts must not fill PostgreSQL's memory."""
PREPARE_FROM = 3
"""The use from which a statement is prepared: what is sent once is not worth keeping."""
CUSTOM = b"SELECT set_config('plan_cache_mode', 'auto', true)"
# What GraphQL writes as text is left as PostgreSQL writes it.
AS_TEXT = ("uuid", "timestamptz", "date", "numeric", "jsonb")

Parameters = Sequence[bytes | None]
Rows = list[tuple[Any, ...]]


class Adapters:
    """How values are read, whatever connection they come from."""

    connection = None

    def __init__(self) -> None:
        self.adapters = AdaptersMap(psycopg.adapters)
        for name in AS_TEXT:
            self.adapters.register_loader(name, TextLoader)


ADAPTERS = Adapters()


class Statement:
    """A statement with its parameters as `$1`, `$2`, ...; it knows how to read its own rows."""

    __slots__ = ("_reader", "_types_are_known", "is_custom", "name", "text", "told_as", "uses")
    _made = 0

    def __init__(self, text: str, *, is_custom: bool = False) -> None:
        """`text` is SQL in which every parameter's type is told; a custom one is planned for their values."""
        Statement._made += 1
        self.name = b"z%d" % Statement._made
        self.text = text.encode()
        self.told_as = name_of(text)
        self.uses = 0
        self.is_custom = is_custom
        self._reader = Transformer(ADAPTERS)
        self._types_are_known = False

    def forget_types(self) -> None:
        """The columns may be of other types by now: PostgreSQL keeps them only for what it has prepared."""
        self._types_are_known = False

    def rows(self, result: PGresult) -> Rows:
        """The rows of a result: texts, ints, floats, bools, lists and None."""
        reader = self._reader
        reader.set_pgresult(result, set_loaders=not self._types_are_known)
        self._types_are_known = True
        found: Rows = reader.load_rows(0, result.ntuples, tuple)
        reader.set_pgresult(None, set_loaders=False)
        return found


Batch = Sequence[tuple[Statement, Parameters]]


class Connection:
    """A connection that answers one batch of statements at a time; after a failure it is closed."""

    def __init__(self, connected: psycopg.AsyncConnection[Any], lost: Callable[["Connection"], None]) -> None:
        """Takes over `connected`; `lost` is told when the server ends it while it is idle."""
        self._owner = connected
        self._pgconn: PGconn = connected.pgconn
        self._pgconn.nonblocking = 1
        self._pgconn.enter_pipeline_mode()
        # libpq closes its own as soon as the server is gone, and the next client may get the same number
        # before the event loop has let go of it.
        self._socket = os.dup(self._pgconn.socket)
        self._arrived = select.poll()
        self._arrived.register(self._socket, select.POLLIN)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket, self._readable)
        self._lost = lost
        self._prepared: OrderedDict[bytes, None] = OrderedDict()
        self._expected: deque[Statement | None] = deque()
        self._answers: list[Rows] = []
        self._spans: deque[Span] = deque()
        self._failure: psycopg.Error | None = None
        self._done: asyncio.Future[None] | None = None
        self.is_open = True

    async def run(self, batch: Batch, patience: float) -> list[Rows]:
        """The rows of each statement, all of them in one round trip and one implicit transaction.

        Raises psycopg.Error; after `patience` seconds without an answer OperationalError.
        """
        self._answers, self._failure = [], None
        self._spans = deque(sent([statement.told_as for statement, _ in batch]))
        self._done = self._loop.create_future()
        timer = self._loop.call_later(patience, self._expire)
        try:
            if any(statement.is_custom for statement, _ in batch):
                self._pgconn.send_query_params(CUSTOM, ())
                self._expected.append(None)
            for statement, parameters in batch:
                self._send(statement, parameters)
            self._pgconn.pipeline_sync()
            self._flush()
            await self._done
        except BaseException as error:
            self._done = None
            self.close()
            for span in self._spans:
                end(span, error)
            raise
        finally:
            timer.cancel()
            self._done = None
        if self._failure is not None:
            # What was being prepared may or may not be: the next user begins with a clean slate.
            self.close()
            raise self._failure
        answers, self._answers = self._answers, []
        return answers

    def is_alive(self) -> bool:
        """Whether the server has not ended it by now, as far as that has arrived: nothing is asked."""
        if self._arrived.poll(0):
            try:
                self._pgconn.consume_input()  # the server's last words
                self._pgconn.consume_input()  # its end
            except psycopg.Error:
                self.close()
        return self.is_open

    def close(self) -> None:
        """End it; whatever PostgreSQL was still doing for it ends by itself."""
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            os.close(self._socket)
            self._pgconn.finish()
            self._finish(psycopg.OperationalError("the connection was closed"))

    def _send(self, statement: Statement, parameters: Parameters) -> None:
        pgconn, name = self._pgconn, statement.name
        statement.uses += 1
        if name in self._prepared:
            self._prepared.move_to_end(name)
        elif statement.is_custom or statement.uses < PREPARE_FROM:
            statement.forget_types()
            pgconn.send_query_params(statement.text, parameters)
            self._expected.append(statement)
            return
        else:
            self._prepare(statement)
        pgconn.send_query_prepared(name, parameters)
        self._expected.append(statement)

    def _prepare(self, statement: Statement) -> None:
        statement.forget_types()
        self._pgconn.send_prepare(statement.name, statement.text)
        self._expected.append(None)
        self._prepared[statement.name] = None
        if len(self._prepared) > PREPARED:
            forgotten, _ = self._prepared.popitem(last=False)
            self._pgconn.send_close_prepared(forgotten)
            self._expected.append(None)

    def _flush(self) -> None:
        if self._pgconn.flush():
            self._loop.add_writer(self._socket, self._writable)

    def _writable(self) -> None:
        try:
            if not self._pgconn.flush():
                self._loop.remove_writer(self._socket)
        except psycopg.Error as error:
            self._fail(error)

    def _readable(self) -> None:
        try:
            self._pgconn.consume_input()
            if self._done is None:
                return
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    continue  # between two statements
                if result.status == ExecStatus.PIPELINE_SYNC:
                    self._expected.clear()
                    self._finish(None)
                    return
                self._take(result)
        except Exception as error:  # noqa: BLE001 - a value that can't be read, too: somebody waits
            self._fail(error)

    def _take(self, result: PGresult) -> None:
        statement = self._expected.popleft()
        if result.status == ExecStatus.TUPLES_OK and statement is not None:
            self._answers.append(statement.rows(result))
        elif result.status == ExecStatus.FATAL_ERROR and self._failure is None:
            self._failure = psycopg.errors.error_from_result(result)
        if self._spans and statement is not None:
            self._note()

    def _note(self) -> None:
        """PostgreSQL has done with one, and only now begins the next."""
        span = self._spans.popleft()
        end(span, self._failure)
        if self._spans:
            self._spans[0].began = span.ended

    def _fail(self, error: Exception) -> None:
        if self._done is None:
            self.close()
            self._lost(self)
        else:
            self._finish(error)

    def _finish(self, error: Exception | None) -> None:
        if self._done is not None and not self._done.done():
            if error is None:
                self._done.set_result(None)
            else:
                self._done.set_exception(error)

    def _expire(self) -> None:
        self._finish(psycopg.OperationalError("PostgreSQL did not answer in time"))
