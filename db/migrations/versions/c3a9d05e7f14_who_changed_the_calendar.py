"""who changed the bureau's calendar"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "c3a9d05e7f14"
down_revision = "8d2f4b6a91c3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "calendar_change",
        sa.Column("bureau_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("at", sqlmodel.sql.sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("fk_calendar_change_bureau_id")),
        sa.ForeignKeyConstraint(
            ["bureau_id", "person_id"], ["person.bureau_id", "person.id"],
            name=op.f("fk_calendar_change_bureau_id_person_id"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "id", name=op.f("pk_calendar_change")),
    )


def downgrade() -> None:
    op.drop_table("calendar_change")
