"""what a round is for, and the school year"""

import calendar
from datetime import date, timedelta

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op

revision = "8d2f4b6a91c3"
down_revision = "8d21b6c4e0f7"
branch_labels = None
depends_on = None

_TEXT = sqlmodel.sql.sqltypes.AutoString()


def upgrade() -> None:
    op.add_column("bureau", sa.Column("calendar", sa.JSON(), server_default="{}", nullable=False))
    op.add_column("task", sa.Column("asks", _TEXT, server_default="school", nullable=False))
    op.add_column("round", sa.Column("nominal_due", sa.Date(), server_default="1970-01-01", nullable=False))
    op.add_column("round", sa.Column("occurrence", _TEXT, server_default="", nullable=False))
    for name in ("due_then", "grace_then"):
        op.add_column("report", sa.Column(name, sqlmodel.sql.sqltypes.UTCDateTime(), nullable=True))
    _name_rounds()
    op.create_index("ix_round_occurrence", "round", ["bureau_id", "task_id", "occurrence"], unique=True)


def _name_rounds() -> None:
    """Until now a round was of the month whose due day is nearest to the end of its period. Two of one month (its day
    was changed in between) are told apart by their end."""
    task = sa.table("task", sa.column("bureau_id"), sa.column("id"), sa.column("schedule", sa.JSON()))
    round_ = sa.table(
        "round", sa.column("bureau_id"), sa.column("id"), sa.column("task_id"), sa.column("period_to", sa.Date()),
        sa.column("nominal_due", sa.Date()), sa.column("occurrence"),
    )  # fmt: skip
    connection = op.get_bind()
    tasks = connection.execute(sa.select(task)).all()
    days = {(row.bureau_id, row.id): int((row.schedule or {}).get("day", 25)) for row in tasks}
    seen: set[tuple[int, int, str]] = set()
    for row in connection.execute(sa.select(round_).order_by(round_.c.period_to.desc())).all():
        nominal = _nearest(row.period_to, days.get((row.bureau_id, row.task_id), 25))
        occurrence = f"{nominal.year}-{nominal.month:02}"
        if (row.bureau_id, row.task_id, occurrence) in seen:
            nominal, occurrence = row.period_to, f"{occurrence}-until-{row.period_to.isoformat()}"
        seen.add((row.bureau_id, row.task_id, occurrence))
        named = sa.update(round_).where(round_.c.bureau_id == row.bureau_id, round_.c.id == row.id)
        connection.execute(named.values(nominal_due=nominal, occurrence=occurrence))


def _nearest(period_to: date, day: int) -> date:
    first = period_to.replace(day=1)
    months = (first, first - timedelta(days=1), first + timedelta(days=32))
    dues = [one.replace(day=min(day, calendar.monthrange(one.year, one.month)[1])) for one in months]
    return min(dues, key=lambda due: abs(due - period_to))


def downgrade() -> None:
    op.drop_index("ix_round_occurrence", "round")
    op.drop_column("report", "grace_then")
    op.drop_column("report", "due_then")
    op.drop_column("round", "occurrence")
    op.drop_column("round", "nominal_due")
    op.drop_column("task", "asks")
    op.drop_column("bureau", "calendar")
