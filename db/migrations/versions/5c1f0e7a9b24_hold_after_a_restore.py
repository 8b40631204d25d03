"""hold after a restore, and receipts that are signed"""

from secrets import token_hex

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "5c1f0e7a9b24"
down_revision = "6e0f4a7c21b9"
branch_labels = None
depends_on = None

INSTANTS = ("held_at", "lost_from", "lost_until")


def upgrade() -> None:
    """Nobody is in hold; every bureau gets a key of its own, so that each backup from now on has it."""
    for name in INSTANTS:
        op.add_column("bureau", sa.Column(name, sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    op.add_column("bureau", sa.Column("receipt_key", sa.String(), nullable=False, server_default=""))
    bureau = sa.table("bureau", sa.column("id", sa.BigInteger()), sa.column("receipt_key", sa.String()))
    for (bureau_id,) in op.get_bind().execute(sa.select(bureau.c.id)).all():
        op.execute(bureau.update().where(bureau.c.id == bureau_id).values(receipt_key=token_hex(32)))


def downgrade() -> None:
    op.drop_column("bureau", "receipt_key")
    for name in reversed(INSTANTS):
        op.drop_column("bureau", name)
