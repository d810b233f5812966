"""Processes that serve side by side: forked from one that has everything ready, watched, stopped together.

uvicorn's own supervisor would have each import everything anew, for 1 s and 60 MB more (measured), and
start dead ones again without end.
"""

import ctypes
import multiprocessing
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from socket import socket

import structlog

from zorbit.errors import OperatorError

DEATHS, WITHIN = 5, 60.0
"""So many times in so many seconds each worker, on average, is started again."""
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)
PR_SET_PDEATHSIG = 1

FORK = multiprocessing.get_context("fork")
logger = structlog.get_logger(__name__)


def supervise(listeners: Sequence[socket], serve: Callable[[socket], None], patience: float) -> None:
    """Have a process `serve` each listener until this one is told to stop, then tell them, and wait for them.

    This one must have neither threads nor connections, which a fork would share; memory it may have, and
    what nobody changes of that is there once. A listener outlives its worker, and with it who waits there for
    the next one. One that has not ended after `patience` seconds is killed. Raises OperatorError when workers
    die again and again.
    """

    def started(mine: socket) -> BaseProcess:
        others = [listener for listener in listeners if listener is not mine]
        worker = FORK.Process(target=_work, args=(serve, mine, others, os.getpid()))
        worker.start()
        return worker

    # Signals wait until they are asked for, so that none comes between a fork and its being noted.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    workers: list[BaseProcess] = []
    deaths: deque[float] = deque(maxlen=len(listeners) * DEATHS)
    try:
        workers.extend(map(started, listeners))
        while signal.sigwait(SIGNALS) == signal.SIGCHLD:
            for place, worker in enumerate(workers):
                if not worker.is_alive():
                    logger.error("worker died", pid=worker.pid, exit_code=worker.exitcode)
                    _count(deaths)
                    workers[place] = started(listeners[place])
    finally:
        for listener in listeners:
            listener.close()
        _stop(workers, patience)
        while signal.sigtimedwait(SIGNALS, 0):
            pass  # a second Ctrl-C means no more than the first
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _work(serve: Callable[[socket], None], mine: socket, others: Sequence[socket], parent: int) -> None:
    # A parent that is killed can tell nobody to stop.
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        return
    for listener in others:
        listener.close()
    # A terminal sends Ctrl-C to all; outside the server, which heeds it, the parent's word will do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    serve(mine)


def _count(deaths: deque[float]) -> None:
    now = time.monotonic()
    if len(deaths) == deaths.maxlen and now - deaths[0] < WITHIN:
        raise OperatorError(
            f"workers have died {len(deaths) + 1} times within {WITHIN:.0f} s: the log tells how they ended"
        )
    deaths.append(now)


def _stop(workers: Sequence[BaseProcess], patience: float) -> None:
    deadline = time.monotonic() + patience
    for worker in workers:
        worker.terminate()
    for worker in workers:
        worker.join(max(0, deadline - time.monotonic()))
        if worker.is_alive():
            logger.error("worker killed", pid=worker.pid, waited_seconds=patience)
            worker.kill()
            worker.join()
