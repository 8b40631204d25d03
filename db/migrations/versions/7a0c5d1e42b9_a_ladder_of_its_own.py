"""a task may have a ladder of its own"""

import sqlalchemy as sa
from alembic import op

revision = "7a0c5d1e42b9"
down_revision = "98ac6e3a8130"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Every task keeps the usual ladder."""
    op.add_column("task", sa.Column("ladder", sa.JSON(), nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("task", "ladder")
