"""what the bureau changes about a running round, and who is away"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "8d21b6c4e0f7"
down_revision = "5c1e7a40d2b9"
branch_labels = None
depends_on = None


def upgrade() -> None:
    text, instant = sqlmodel.sql.sqltypes.AutoString(), sqlmodel.sql.sqltypes.UTCDateTime()
    op.add_column("round", sa.Column("due_since", instant, nullable=True))
    op.add_column("round", sa.Column("withdrawn_at", instant, nullable=True))
    op.create_table(
        "course_change",
        sa.Column("bureau_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", text, nullable=False),
        sa.Column("round_id", sa.BigInteger(), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("scope", text, nullable=False),
        sa.Column("until", instant, nullable=True),
        sa.Column("before", instant, nullable=True),
        sa.Column("reason", text, nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposed_at", instant, nullable=False),
        sa.Column("done_at", instant, nullable=True),
        sa.Column("dropped_at", instant, nullable=True),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('extend', 'exempt', 'restore', 'move', 'withdraw', 'reopen')",
            name=op.f("ck_course_change_kind"),
        ),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("fk_course_change_bureau_id")),
        sa.ForeignKeyConstraint(
            ["bureau_id", "round_id"], ["round.bureau_id", "round.id"],
            name=op.f("fk_course_change_bureau_id_round_id"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "proposed_by"], ["person.bureau_id", "person.id"],
            name=op.f("fk_course_change_bureau_id_proposed_by"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "id", name=op.f("pk_course_change")),
    )
    op.create_index("ix_course_change_round", "course_change", ["bureau_id", "round_id"])
    op.create_table(
        "absence",
        sa.Column("bureau_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("said_at", instant, nullable=False),
        sa.Column("since", instant, nullable=True),
        sa.Column("until", instant, nullable=False),
        sa.Column("words", text, nullable=False),
        sa.Column("ended_at", instant, nullable=True),
        sa.ForeignKeyConstraint(["bureau_id"], ["bureau.id"], name=op.f("fk_absence_bureau_id")),
        sa.ForeignKeyConstraint(
            ["bureau_id", "person_id"], ["person.bureau_id", "person.id"], name=op.f("fk_absence_bureau_id_person_id")
        ),
        sa.PrimaryKeyConstraint("bureau_id", "id", name=op.f("pk_absence")),
    )
    op.create_index("ix_absence_person", "absence", ["bureau_id", "person_id"])


def downgrade() -> None:
    op.drop_table("absence")
    op.drop_table("course_change")
    op.drop_column("round", "withdrawn_at")
    op.drop_column("round", "due_since")
