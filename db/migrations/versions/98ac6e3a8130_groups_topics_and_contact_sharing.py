"""groups, topics and contact sharing"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "98ac6e3a8130"
down_revision = "277d038d9eee"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nobody shares a phone number before the bureau says so; what waits goes to no topic."""
    instant = sqlmodel.sql.sqltypes.UTCDateTime()
    op.add_column("bureau", sa.Column("contact_sharing", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("chat", sa.Column("told_at", instant, nullable=True))
    op.add_column("chat", sa.Column("left_at", instant, nullable=True))
    op.add_column("chat", sa.Column("moved_to", sa.BigInteger(), nullable=True))
    op.add_column("outbox", sa.Column("thread_id", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    """Column by column: these tables are referred to and must not be made anew."""
    op.drop_column("outbox", "thread_id")
    for name in ("moved_to", "left_at", "told_at"):
        op.drop_column("chat", name)
    op.drop_column("bureau", "contact_sharing")
