"""Rules that must hold whoever writes: deletions are stamped, ideas owned, limits kept."""

from alembic import op

from migrations import steps

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

DELETABLE = ["User", "Thread", "ChatMessage", "ContentIdea", "Post", "Persona", "Template", "Comment"]


def upgrade() -> None:
    steps.begin()
    op.execute(
        """
        CREATE FUNCTION zorbit_stamp_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          NEW."deletedAt" := CASE WHEN NEW."isDeleted" THEN coalesce(NEW."deletedAt", now()) END;
          RETURN NEW;
        END $$;

        CREATE FUNCTION zorbit_own_idea() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          SELECT "userId" INTO NEW."userId" FROM "ChatMessage" WHERE id = NEW."chatMessageId";
          RETURN NEW;
        END $$;
        CREATE TRIGGER zorbit_own_idea BEFORE INSERT ON "ContentIdea"
          FOR EACH ROW WHEN (NEW."userId" IS NULL) EXECUTE FUNCTION zorbit_own_idea();

        CREATE FUNCTION zorbit_hold_limit() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
          RAISE EXCEPTION 'used % would pass limit % of quota %', NEW.used, NEW."limit", NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'zorbit_hold_limit', TABLE = 'UsageQuota';
        END $$;
        CREATE TRIGGER zorbit_hold_limit BEFORE UPDATE OF used ON "UsageQuota"
          FOR EACH ROW WHEN (NEW.used > OLD.used AND NEW.used > NEW."limit") EXECUTE FUNCTION zorbit_hold_limit();
        """
    )
    for table in DELETABLE:
        op.execute(
            f"""
            CREATE TRIGGER zorbit_stamp_deletion BEFORE INSERT OR UPDATE ON "{table}"
              FOR EACH ROW WHEN (NEW."isDeleted" <> (NEW."deletedAt" IS NOT NULL))
              EXECUTE FUNCTION zorbit_stamp_deletion()
            """
        )


def downgrade() -> None:
    steps.begin()
    for table in DELETABLE:
        op.execute(f'DROP TRIGGER zorbit_stamp_deletion ON "{table}"')
    op.execute(
        """
        DROP TRIGGER zorbit_own_idea ON "ContentIdea";
        DROP TRIGGER zorbit_hold_limit ON "UsageQuota";
        DROP FUNCTION zorbit_stamp_deletion();
        DROP FUNCTION zorbit_own_idea();
        DROP FUNCTION zorbit_hold_limit();
        """
    )
