"""What goes wrong in PostgreSQL: how a table is broken, and what is done where a row of it is touched."""

from tests.faulty import SECRET

ALTERED = [
    (
        f"""ALTER TABLE "Post" ADD CONSTRAINT odd CHECK (content <> '{SECRET}') NOT VALID""",
        'ALTER TABLE "Post" DROP CONSTRAINT odd',
    ),
    (
        'ALTER TABLE "Post" RENAME COLUMN content TO gone',
        'ALTER TABLE "Post" RENAME COLUMN gone TO content',
    ),
    ('ALTER TABLE "Post" RENAME TO "Gone"', 'ALTER TABLE "Gone" RENAME TO "Post"'),
    ('ALTER TABLE "User" RENAME TO "Gone"', 'ALTER TABLE "Gone" RENAME TO "User"'),
]
"""Statements that break a table, and that mend it."""

SHALLOW = (
    "DO $$ BEGIN EXECUTE format('ALTER DATABASE %%I SET max_stack_depth = 100', current_database()); END $$"
)
"""Soon too deep."""
WATCHED = """
    CREATE FUNCTION touched(content text) RETURNS boolean LANGUAGE sql AS 'SELECT true';
    CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM touched(NEW.content); RETURN NEW; END $$;
    CREATE TRIGGER touched BEFORE INSERT OR UPDATE ON "Post" FOR EACH ROW EXECUTE FUNCTION touched();
    ALTER TABLE "Post" RENAME TO "Hidden";
    CREATE VIEW "Post" AS SELECT * FROM "Hidden" WHERE touched(content);
"""
"""From now on whoever reads or writes a post calls `touched`."""
UNWATCHED = 'DROP VIEW "Post"; ALTER TABLE "Hidden" RENAME TO "Post"; DROP FUNCTION touched() CASCADE'

UNDELETABLE = """
    CREATE FUNCTION stay() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE USING ERRCODE = '23514', MESSAGE = 'oddly', DETAIL = OLD.quote; END
    $$;
    CREATE TRIGGER stay BEFORE DELETE ON "Comment" FOR EACH ROW EXECUTE FUNCTION stay();
"""
"""Nobody deletes a comment any more."""

UNAVAILABLE, FAULT = "SERVICE_UNAVAILABLE", "INTERNAL_SERVER_ERROR"

TOUCHED = [
    ("PERFORM pg_sleep(9)", UNAVAILABLE),
    ("PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(9)", UNAVAILABLE),
    ("PERFORM pg_terminate_backend(pg_backend_pid()), pg_sleep(9)", UNAVAILABLE),
    ("PERFORM 2147483647 + length(content)", FAULT),
    ("PERFORM content::integer", FAULT),
    ("PERFORM content::uuid", FAULT),
    ("PERFORM content::jsonb", FAULT),
    (r"PERFORM convert_from('\xff'::bytea || content::bytea, 'UTF8')", FAULT),
    ("PERFORM to_tsquery(content || ' & (')", FAULT),
    ("PERFORM 1 / (length(content) - length(content))", FAULT),
    ("PERFORM touched(content)", FAULT),
    ("PERFORM repeat(content, 1000000000)", FAULT),
    ("EXECUTE 'SELECT ' || quote_ident(content) || '()'", FAULT),
    ("EXECUTE content", FAULT),
    ("EXECUTE 'TABLE ' || quote_ident(content)", FAULT),
    ("PERFORM (SELECT content FROM generate_series(1, 2))", FAULT),
]
"""What is done where a post is touched, and the code that clients see."""

RAISED = [
    ("40P01", UNAVAILABLE),
    ("40001", UNAVAILABLE),
    ("53100", UNAVAILABLE),
    ("53200", UNAVAILABLE),
    ("53300", UNAVAILABLE),
    ("55P03", UNAVAILABLE),
    ("57014", UNAVAILABLE),
    ("57P03", UNAVAILABLE),
    ("58030", UNAVAILABLE),
    ("P0001", FAULT),
    ("XX000", FAULT),
    ("XX001", FAULT),
    ("22P05", FAULT),
    ("23505", FAULT),
    ("23503", FAULT),
    ("25006", FAULT),
    ("42501", FAULT),
]
"""Errors that can hardly be brought about, and the codes that clients see."""


def raising(state: str) -> str:
    """Raises an error whose details hold what they hold at worst."""
    return f"""
        RAISE USING ERRCODE = '{state}', MESSAGE = 'oddly', DETAIL = content, HINT = content,
            TABLE = 'Post', COLUMN = 'content', CONSTRAINT = 'odd'
    """


def touching(act: str) -> str:
    """The statement after which `act` is done where a post is touched."""
    return f"""
        CREATE OR REPLACE FUNCTION touched(content text) RETURNS boolean LANGUAGE plpgsql AS
        $$ BEGIN {act}; RETURN true; END $$
    """
