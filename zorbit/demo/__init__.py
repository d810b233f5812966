"""`zorbit demo`: a believable workspace to look around in, and rows by the million to measure with."""

from zorbit.demo.fill import fill
from zorbit.demo.profiles import DEMO_EMAIL
from zorbit.demo.rows import Counts
from zorbit.demo.workspace import ADMIN_EMAIL, PUBLISHER_EMAIL, total

__all__ = ["ADMIN_EMAIL", "DEMO_EMAIL", "PUBLISHER_EMAIL", "Counts", "fill", "total"]
