"""Tests of the schema; the walks hold assertions of their own."""

import pytest

pytest.register_assert_rewrite("tests.schema.walks")
