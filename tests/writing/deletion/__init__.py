"""Tests of deletion; what purges are measured by holds assertions of its own."""

import pytest

pytest.register_assert_rewrite("tests.writing.deletion.purges")
