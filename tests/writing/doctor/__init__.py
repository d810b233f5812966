"""Tests of `zorbit doctor`."""

# Each adds its breaches when it is imported; they are made in this order: guards fall before what they guard.
from tests.writing.doctor import guards, quotas, billing, content  # noqa: F401, I001
