"""The invariant of what guards all others: constraints, unique indexes and triggers."""

from collections.abc import Iterator

from sqlalchemy import ARRAY, String, Uuid, bindparam, column, text
from sqlalchemy.dialects import postgresql
from sqlmodel import SQLModel

from zorbit import models
from zorbit.doctor.invariants import Offenders, invariant

TRIGGERS = (
    *((table.__name__, "zorbit_stamp_deletion") for table in models.DELETABLE),
    ("ContentIdea", "zorbit_own_idea"),
    ("Invoice", "zorbit_check_invoice_sum"),
    ("InvoiceItem", "zorbit_check_invoice_sum"),
    ("UsageQuota", "zorbit_hold_limit"),
    ("AuditEntry", "zorbit_keep_record"),
)
# A foreign key stands only while its own triggers do: a restore may have left them switched off.
MISSING = """
WITH standing (relation, name) AS (
  SELECT conrelid, conname FROM pg_constraint
  WHERE convalidated AND NOT EXISTS (
    SELECT FROM pg_trigger WHERE tgconstraint = pg_constraint.oid AND tgenabled NOT IN ('O', 'A'))
  UNION ALL
  SELECT indrelid, relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
  WHERE indisunique AND indisvalid
  UNION ALL
  SELECT tgrelid, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled IN ('O', 'A')
)
SELECT needed.relation AS "table", NULL::uuid AS id,
  needed.name || ' is missing, not valid or switched off' AS problem
FROM unnest(:relations, :names) AS needed (relation, name)
WHERE NOT EXISTS (
  SELECT FROM standing
  WHERE standing.relation = to_regclass(quote_ident(needed.relation)) AND standing.name = needed.name)
"""


@invariant
def guards_stand() -> Offenders:
    """Every constraint, unique index and trigger of this release is there, valid and switched on."""
    needed = [*constraints(), *TRIGGERS]
    texts = ARRAY(String)
    relations = bindparam("relations", [relation for relation, _ in needed], type_=texts)
    names = bindparam("names", [name for _, name in needed], type_=texts)
    return (
        text(MISSING)
        .bindparams(relations, names)
        .columns(column("table", String), column("id", Uuid), column("problem", String))
    )


def constraints() -> Iterator[tuple[str, str]]:
    """(table, name) of whatever the models have PostgreSQL hold."""
    prepare = postgresql.dialect().identifier_preparer  # type: ignore[no-untyped-call] # SQLAlchemy left it so
    for table in SQLModel.metadata.sorted_tables:
        for constraint in table.constraints:
            yield table.name, str(prepare.format_constraint(constraint)).strip('"')
        for index in table.indexes:
            if index.unique:
                yield table.name, str(prepare.format_index(index)).strip('"')
