"""outages and the deadlines they move"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "6e0f4a7c21b9"
down_revision = "5c1e9a7f20d3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What was received before counts as it did; the first heartbeat begins with the next start."""
    instant, number = sqlmodel.sql.sqltypes.UTCDateTime(), sa.BigInteger()
    op.add_column("inbox", sa.Column("stood_at", instant, nullable=True))
    for table in ("report", "draft"):
        op.add_column(table, sa.Column("in_backlog", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("extension", sa.Column("outage_id", number, nullable=True))
    op.add_column("extension", sa.Column("moved_from", instant, nullable=True))
    bureau = ["bureau_id"], ["bureau.id"]
    op.create_table(
        "heartbeat",
        sa.Column("bureau_id", number, autoincrement=False, nullable=False),
        sa.Column("at", instant, nullable=False),
        sa.ForeignKeyConstraint(*bureau, name=op.f("fk_heartbeat_bureau_id")),
        sa.PrimaryKeyConstraint("bureau_id", name=op.f("pk_heartbeat")),
    )
    op.create_table(
        "outage",
        sa.Column("bureau_id", number, autoincrement=False, nullable=False),
        sa.Column("id", number, autoincrement=False, nullable=False),
        sa.Column("since", instant, nullable=False),
        sa.Column("until", instant, nullable=False),
        sa.ForeignKeyConstraint(*bureau, name=op.f("fk_outage_bureau_id")),
        sa.PrimaryKeyConstraint("bureau_id", "id", name=op.f("pk_outage")),
        sa.UniqueConstraint("bureau_id", "since", name=op.f("uq_outage_bureau_id_since")),
    )
    op.create_table(
        "deadline_move",
        sa.Column("bureau_id", number, autoincrement=False, nullable=False),
        sa.Column("outage_id", number, autoincrement=False, nullable=False),
        sa.Column("round_id", number, autoincrement=False, nullable=False),
        sa.Column("due_at", instant, nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("moved_at", instant, nullable=False),
        sa.Column("lock_before", instant, nullable=True),
        sa.Column("undone_at", instant, nullable=True),
        sa.Column("undone_by", number, nullable=True),
        sa.ForeignKeyConstraint(*bureau, name=op.f("fk_deadline_move_bureau_id")),
        sa.ForeignKeyConstraint(
            ["bureau_id", "outage_id"], ["outage.bureau_id", "outage.id"],
            name=op.f("fk_deadline_move_bureau_id_outage_id"),
        ),
        sa.ForeignKeyConstraint(
            ["bureau_id", "round_id"], ["round.bureau_id", "round.id"],
            name=op.f("fk_deadline_move_bureau_id_round_id"),
        ),
        sa.PrimaryKeyConstraint("bureau_id", "outage_id", "round_id", name=op.f("pk_deadline_move")),
    )  # fmt: skip


def downgrade() -> None:
    """Column by column: these tables are referred to and must not be made anew."""
    for table in ("deadline_move", "outage", "heartbeat"):
        op.drop_table(table)
    for table, column in (
        ("extension", "moved_from"), ("extension", "outage_id"), ("draft", "in_backlog"), ("report", "in_backlog"),
        ("inbox", "stood_at"),
    ):  # fmt: skip
        op.drop_column(table, column)
