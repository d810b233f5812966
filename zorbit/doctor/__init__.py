"""`zorbit doctor`: whether what always holds does hold, on a live database, without writing to it.

Constraints and services hold these rules already; but constraints can be dropped and data restored.
"""

# Each declares its invariants when it is imported; they are looked at in this order.
from zorbit.doctor import guards, references, quotas, billing, content  # noqa: F401, I001
from zorbit.doctor.examination import Finding, Offender, examine
from zorbit.doctor.invariants import INVARIANTS, Invariant

__all__ = ["INVARIANTS", "Finding", "Invariant", "Offender", "examine"]
