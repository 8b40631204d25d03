"""what a round is for, and the school year"""

import calendar
from datetime import date, timedelta

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "8d2f4b6a91c3"
down_revision = "5c1e7a40d2b9"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.add_column("bureau", sa.Column("calendar", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("task", sa.Column("asks", _TEXT, server_default="school", nullable=False))
    op.add_column("round", sa.Column("nominal_due", sa.Date(), nullable=True))
    op.add_column("round", sa.Column("occurrence", _TEXT, nullable=True))
    _name_rounds()
    with op.batch_alter_table("round") as table:
        table.alter_column("nominal_due", existing_type=sa.Date(), nullable=False)
        table.alter_column("occurrence", existing_type=_TEXT, nullable=False)
        table.create_unique_constraint(op.f("uq_round_bureau_id_task_id_occurrence"), ["bureau_id", "task_id", "occurrence"])


def _name_rounds() -> None:
    """Until now a round was of the month whose due day is nearest to the end of its period."""
    task = sa.table("task", sa.column("bureau_id"), sa.column("id"), sa.column("schedule", sa.JSON()))
    round_ = sa.table(
        "round", sa.column("bureau_id"), sa.column("id"), sa.column("task_id"), sa.column("period_to", sa.Date()),
        sa.column("nominal_due", sa.Date()), sa.column("occurrence"),
    )  # fmt: skip
    connection = op.get_bind()
    days = {(row.bureau_id, row.id): int((row.schedule or {}).get("day", 25)) for row in connection.execute(sa.select(task))}
    for row in connection.execute(sa.select(round_).order_by(round_.c.period_to)).all():
        nominal = _nearest(row.period_to, days.get((row.bureau_id, row.task_id), 25))
        named = sa.update(round_).where(round_.c.bureau_id == row.bureau_id, round_.c.id == row.id)
        connection.execute(named.values(nominal_due=nominal, occurrence=f"{nominal.year}-{nominal.month:02}"))


def _nearest(period_to: date, day: int) -> date:
    first = period_to.replace(day=1)
    months = (first, first - timedelta(days=1), first + timedelta(days=32))
    dues = [one.replace(day=min(day, calendar.monthrange(one.year, one.month)[1])) for one in months]
    return min(dues, key=lambda due: abs(due - period_to))


def downgrade() -> None:
    with op.batch_alter_table("round") as table:
        table.drop_constraint(op.f("uq_round_bureau_id_task_id_occurrence"), type_="unique")
        table.drop_column("occurrence")
        table.drop_column("nominal_due")
    op.drop_column("task", "asks")
    op.drop_column("bureau", "calendar")
