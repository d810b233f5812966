"""What an invoice brings when it is paid, which plan comes next, what was spent on what and given back."""

import sqlalchemy as sa
from alembic import op

from migrations import steps

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

COLUMNS = [
    ("Subscription", "nextPlanId", "Plan", "RESTRICT"),
    ("Invoice", "planId", "Plan", "RESTRICT"),
    ("UsageLog", "refundOfId", "UsageLog", "CASCADE"),
]


def upgrade() -> None:
    steps.begin()
    for table, column, target, on_delete in COLUMNS:
        op.add_column(table, sa.Column(column, sa.Uuid(), nullable=True))
        op.create_foreign_key(
            op.f(f"fk_{table}_{column}"), table, target, [column], ["id"], ondelete=on_delete
        )
    op.add_column("UsageLog", sa.Column("subjectId", sa.Uuid(), nullable=True))
    op.create_check_constraint(
        op.f("ck_UsageLog_refund_has_spend"),
        "UsageLog",
        '"refundOfId" IS NULL OR (amount < 0 AND "subjectId" IS NOT NULL)',
    )
    op.create_check_constraint(
        op.f("ck_Subscription_canceled_has_end"),
        "Subscription",
        "status <> 'canceled' OR \"endDate\" IS NOT NULL",
    )
    op.execute("CREATE SEQUENCE zorbit_invoice_number")
    op.execute(
        """
        CREATE FUNCTION zorbit_check_invoice_sum() RETURNS trigger LANGUAGE plpgsql AS $$
        DECLARE
          key text := CASE WHEN TG_TABLE_NAME = 'Invoice' THEN 'id' ELSE 'invoiceId' END;
          checked uuid;
          billed numeric;
          items numeric;
        BEGIN
          FOR checked IN
            SELECT (to_jsonb(NEW) ->> key)::uuid UNION SELECT (to_jsonb(OLD) ->> key)::uuid ORDER BY 1
          LOOP
            SELECT amount INTO billed FROM "Invoice" WHERE id = checked FOR NO KEY UPDATE;
            SELECT sum(amount) INTO items FROM "InvoiceItem" WHERE "invoiceId" = checked;
            IF billed <> items THEN
              RAISE EXCEPTION 'the items of invoice % come to %, not %', checked, items, billed
                USING ERRCODE = 'check_violation', CONSTRAINT = 'zorbit_check_invoice_sum', TABLE = 'Invoice';
            END IF;
          END LOOP;
          RETURN NULL;
        END $$;
        CREATE CONSTRAINT TRIGGER zorbit_check_invoice_sum
          AFTER INSERT OR UPDATE OF amount, "invoiceId" OR DELETE ON "InvoiceItem"
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zorbit_check_invoice_sum();
        CREATE CONSTRAINT TRIGGER zorbit_check_invoice_sum AFTER UPDATE OF amount ON "Invoice"
          DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION zorbit_check_invoice_sum();
        """
    )


def downgrade() -> None:
    steps.begin()
    op.execute(
        """
        DROP TRIGGER zorbit_check_invoice_sum ON "InvoiceItem";
        DROP TRIGGER zorbit_check_invoice_sum ON "Invoice";
        DROP FUNCTION zorbit_check_invoice_sum();
        DROP SEQUENCE zorbit_invoice_number;
        """
    )
    op.drop_constraint(op.f("ck_Subscription_canceled_has_end"), "Subscription")
    op.drop_constraint(op.f("ck_UsageLog_refund_has_spend"), "UsageLog")
    op.drop_column("UsageLog", "subjectId")
    for table, column, _, _ in COLUMNS:
        op.drop_column(table, column)
