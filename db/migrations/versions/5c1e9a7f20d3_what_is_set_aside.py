"""what is set aside, and the morning line"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "5c1e9a7f20d3"
down_revision = "7a0c5d1e42b9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing is in trouble yet, and no morning was greeted."""
    text, instant = sqlmodel.sql.sqltypes.AutoString(), sqlmodel.sql.sqltypes.UTCDateTime()
    op.create_table(
        "trouble",
        sa.Column("bureau_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("key", text, nullable=False),
        sa.Column("what", text, nullable=False),
        sa.Column("state", text, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", text, nullable=False),
        sa.Column("first_at", instant, nullable=False),
        sa.Column("last_at", instant, nullable=False),
        sa.Column("next_try_at", instant, nullable=False),
        sa.Column("told_at", instant, nullable=True),
        sa.CheckConstraint("kind IN ('item', 'message')", name=op.f("ck_trouble_kind")),
        sa.CheckConstraint("state IN ('trying', 'set_aside')", name=op.f("ck_trouble_state")),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("fk_trouble_bureau_id")),
        sa.PrimaryKeyConstraint("bureau_id", "kind", "key", name=op.f("pk_trouble")),
    )
    op.add_column("bureau", sa.Column("morning_on", sa.Date(), nullable=True))


def downgrade() -> None:
    op.drop_column("bureau", "morning_on")
    op.drop_table("trouble")
