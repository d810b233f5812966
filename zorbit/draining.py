"""A server that is told to stop first says so, and goes on serving until load balancers have heard."""

import time

import uvicorn
from starlette.datastructures import State


class Draining(uvicorn.Server):
    """uvicorn's, which by itself refuses new connections at once; then it finishes what runs."""

    def __init__(self, config: uvicorn.Config, state: State, seconds: float) -> None:
        """`state` is the application's, whose `is_stopping` is told."""
        super().__init__(config)
        self._state, self._seconds = state, seconds
        self._until = 0.0

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now; asked ten times a second."""
        is_told = await super().on_tick(counter)
        if is_told and not self._state.is_stopping:
            self._state.is_stopping = True
            self._until = time.monotonic() + self._seconds
        return is_told and (self.force_exit or time.monotonic() >= self._until)
