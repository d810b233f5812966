"""Buckets of points: never more than they hold, whoever takes from them at once."""

import os
import signal
from multiprocessing import get_context
from multiprocessing.queues import Queue

import pytest

from tests.examples import examples
from zorbit.buckets import SETS, WAYS, Buckets

FORK = get_context("fork")


class Clock:
    """The time, as it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_bucket_gives_what_it_holds_and_then_what_comes_back(clock: Clock) -> None:
    buckets = Buckets(10, 100, shared=False, clock=clock)

    assert buckets.take("ada", 60) == (0, 6)
    assert buckets.left(6) == 40
    assert buckets.take("ada", 41).seconds == pytest.approx(0.1)
    clock.now += 0.1
    assert buckets.take("ada", 41) == pytest.approx((0, 10))
    assert buckets.left(10) == 0
    assert buckets.take("ada", 20).seconds == pytest.approx(2)
    clock.now += 1000
    assert buckets.take("ada", 100).seconds == 0


def test_each_caller_has_a_bucket(clock: Clock) -> None:
    buckets = Buckets(10, 100, shared=False, clock=clock)

    assert [buckets.take(name, 100).seconds for name in ("ada", "bob", ("a", "b"))] == [0, 0, 0]


def test_what_is_given_back_can_be_taken_again_and_no_more(clock: Clock) -> None:
    buckets = Buckets(10, 100, shared=False, clock=clock)
    buckets.take("ada", 100)
    buckets.give("ada", 30)

    assert buckets.take("ada", 31).seconds > 0
    assert buckets.take("ada", 29).seconds == 0
    buckets.give("ada", 500)
    assert buckets.take("ada", 101).seconds > 0


def test_more_callers_than_there_is_room_for_take_nobodys_empty_bucket_away(clock: Clock) -> None:
    buckets = Buckets(1, 100, shared=False, clock=clock)
    buckets.take("ada", 100)

    for number in range(2 * SETS * WAYS):
        buckets.take(number, 1)

    assert buckets.take("ada", 50).seconds > 0


def _takes(buckets: Buckets, times: int, granted: "Queue[int]") -> None:
    granted.put(sum(not buckets.take("ada", 1).seconds for _ in range(times)))


def test_processes_that_take_at_once_get_no_more_than_there_is(clock: Clock) -> None:
    processes, times = 4, examples(2_000)
    burst = processes * times // 2
    buckets = Buckets(1e-6, burst, shared=True, clock=clock)
    granted: Queue[int] = FORK.Queue()
    workers = [FORK.Process(target=_takes, args=(buckets, times, granted)) for _ in range(processes)]

    for worker in workers:
        worker.start()
    total = sum(granted.get(timeout=60) for _ in workers)
    for worker in workers:
        worker.join()

    assert total == burst


def _holds(buckets: Buckets) -> None:
    buckets._hold(hash("ada") % SETS)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_dies_in_the_middle_keeps_nobody_waiting(clock: Clock) -> None:
    buckets = Buckets(1, 100, shared=True, clock=clock)
    worker = FORK.Process(target=_holds, args=(buckets,))

    worker.start()
    worker.join()

    assert worker.exitcode == -signal.SIGKILL
    assert buckets.take("ada", 1).seconds == 0
