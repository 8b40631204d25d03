"""evidence is fetched and kept"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "277d038d9eee"
down_revision = "b4d068fb61aa"
branch_labels = None
depends_on = None

_PENDING = sa.text("state = 'pending'")


def upgrade() -> None:
    """What was kept by name only is pending now: it is fetched like anything new."""
    text, instant = sqlmodel.sql.sqltypes.AutoString(), sqlmodel.sql.sqltypes.UTCDateTime()
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.add_column(sa.Column("is_document", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch_op.add_column(sa.Column("name", text, nullable=False, server_default=""))
        batch_op.add_column(sa.Column("album", text, nullable=True))
        batch_op.add_column(sa.Column("state", text, nullable=False, server_default="pending"))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
        batch_op.add_column(sa.Column("next_try_at", instant, nullable=True))
        batch_op.add_column(sa.Column("error", text, nullable=True))
        batch_op.add_column(sa.Column("sha256", text, nullable=True))
        batch_op.add_column(sa.Column("mime", text, nullable=True))
        batch_op.add_column(sa.Column("size", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("stored_at", instant, nullable=True))
    with op.batch_alter_table("evidence") as batch_op:
        for name in ("is_document", "name", "state", "attempts"):
            batch_op.alter_column(name, server_default=None)
        batch_op.create_check_constraint(
            op.f("ck_evidence_state"), "state IN ('pending', 'stored', 'failed')"
        )
        batch_op.create_index(
            "ix_evidence_pending", ["bureau_id", "next_try_at"], sqlite_where=_PENDING, postgresql_where=_PENDING
        )


def downgrade() -> None:
    names = ["is_document", "name", "album", "state", "attempts", "next_try_at", "error", "sha256", "mime", "size"]
    with op.batch_alter_table("evidence") as batch_op:
        batch_op.drop_index("ix_evidence_pending")
        batch_op.drop_constraint(op.f("ck_evidence_state"), type_="check")
        for name in [*names, "stored_at"]:
            batch_op.drop_column(name)
