"""A PostgreSQL that goes away and comes back: a TCP port in front of a real one."""

import asyncio
from contextlib import suppress
from math import inf
from urllib.parse import quote

from psycopg.conninfo import conninfo_to_dict


class Proxy:
    """Passes bytes on; refuses, falls silent, or passes them on again when told to."""

    def __init__(self, url: str) -> None:
        """In front of the server of `url`."""
        self._target = conninfo_to_dict(url)
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._left: float = inf
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """The database by way of this port."""
        user, password, name = (str(self._target.get(key) or "") for key in ("user", "password", "dbname"))
        account = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        return (
            f"postgresql://{account}@127.0.0.1:{self.port}/{quote(name)}?sslmode=disable&gssencmode=disable"
        )

    async def open(self) -> None:
        """Take connections, on the same port each time; those that wait flow on."""
        self._left = inf
        self._flowing.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._connect, "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def silence(self, after: int = 0) -> None:
        """Take connections still, and answer nothing, as when packets are dropped; `after` so many bytes."""
        self._left = after
        if not after:
            self._flowing.clear()

    async def close(self) -> None:
        """Cut every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        ends = [writer]
        try:
            await self._flowing.wait()
            there, back = await self._dial()
            ends.append(back)
            async with asyncio.TaskGroup() as group:
                for source, target in ((reader, back), (there, writer)):
                    group.create_task(self._pump(source, target))
        except (asyncio.CancelledError, OSError, ExceptionGroup):
            pass
        finally:
            self._tasks.discard(task)
            for end in ends:
                end.transport.abort()

    async def _dial(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        host, port = str(self._target.get("host") or "127.0.0.1"), self._target.get("port") or 5432
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(port))

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._flowing.wait()
            target.write(data)
            await target.drain()
            self._left -= len(data)
            if self._left <= 0:
                self._flowing.clear()
        with suppress(OSError):
            target.write_eof()
