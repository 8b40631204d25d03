"""hold after a restore, and receipts that are signed"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "5c1f0e7a9b24"
down_revision = "98ac6e3a8130"
branch_labels = None
depends_on = None

INSTANTS = ("held_at", "lost_from", "lost_until")


def upgrade() -> None:
    """Nobody is in hold; the key for receipts is made when the first one is signed."""
    for name in INSTANTS:
        op.add_column("bureau", sa.Column(name, sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("bureau", sa.Column("receipt_key", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("bureau", "receipt_key")
    for name in reversed(INSTANTS):
        op.drop_column("bureau", name)
