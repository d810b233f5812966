"""How many examples a property is tried with: few at each test run, many in `make soak`."""

import os

SOAK = int(os.environ.get("ZORBIT_TEST_SOAK", "1"))


def examples(number: int) -> int:
    """`number`, or as many times more as ZORBIT_TEST_SOAK says."""
    return number * SOAK
