"""Tests, which live for minutes and build schemas, statements and answers by the thousand."""

import gc

# Python's own threshold of 700 new objects takes a third of the suite's time.
gc.set_threshold(50_000, 20, 20)
