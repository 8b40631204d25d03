"""cards are found by their report"""

from alembic import op

revision = "d4f16a2b8c05"
down_revision = "c3a9d05e7f14"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_card_key", "card", ["bureau_id", "key"])


def downgrade() -> None:
    op.drop_index("ix_card_key", "card")
