"""promises and the number pad"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "5c1e7a40d2b9"
down_revision = "98ac6e3a8130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString(), sqlmodel.sql.sqltypes.UTCDateTime()
    op.add_column("chat", sa.Column("pad", text, nullable=True))
    op.create_table(
        "promise",
        sa.Column("bureau_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("unit_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.Column("words", text, nullable=False),
        sa.Column("said_at", instant, nullable=False),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("fk_promise_bureau_id")),
        sa.ForeignKeyConstraint(
            ["bureau_id", "round_id", "unit_id"], ["report.bureau_id", "report.round_id", "report.unit_id"],
            name=op.f("fk_promise_bureau_id_round_id_unit_id"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "person_id"], ["person.bureau_id", "person.id"], name=op.f("fk_promise_bureau_id_person_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "id", name=op.f("pk_promise")),
    )
    op.create_index("ix_promise_report", "promise", ["bureau_id", "round_id", "unit_id"])


def downgrade() -> None:
    op.drop_table("promise")
    op.drop_column("chat", "pad")
