"""The account that everything else belongs to."""

from sqlalchemy import Index, text

from zorbit.models.base import LIVE, Deletable, check, choice, listing, on_create, short, string
from zorbit.models.choices import Role


class User(Deletable, table=True):
    """A person's or a machine's account."""

    __tablename__ = "User"

    email: str = string("The address the user signs up with; unique among live users.")
    name: str | None = string("How the user is called.", None)
    role: Role = choice(Role, "What the account may do.", Role.USER)
    dodo_customer_id: str | None = string("The payment provider's id of the customer.", None)
    auth_issuer: str | None = string("The issuer whose tokens name the user by `authSubject`.", None)
    auth_subject: str | None = string("The issuer's own id of the user.", None)

    __table_args__ = (
        check("email_form", "email LIKE '%_@_%' AND char_length(email) <= 320"),
        check("auth_whole", '("authIssuer" IS NULL) = ("authSubject" IS NULL)'),
        *short("name"),
        # Among live users only, so that an address can be registered again.
        Index("uq_User_email_live", text("lower(email)"), unique=True, postgresql_where=text(LIVE)),
        # Among deleted users too: a deleted user's token must not make a new account.
        Index("uq_User_auth", "auth_issuer", "auth_subject", unique=True),
        listing("created_at"),
        listing("role", "created_at"),
        Index(None, "deleted_at", "id", postgresql_where=text('"isDeleted"')),
    )


on_create(
    User,
    """
    CREATE FUNCTION zorbit_stamp_deletion() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      NEW."deletedAt" := CASE WHEN NEW."isDeleted" THEN coalesce(NEW."deletedAt", now()) END;
      RETURN NEW;
    END $$
    """,
)
