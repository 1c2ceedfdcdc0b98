"""Document numbers of tasks are counted by the short name they carry. Expands only."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = re.compile(r"(.+)(专查|测试)〔([0-9]{4})〕([0-9]+)号")
NATURES = {"专查": "FORMAL", "测试": "TEST"}
SERIES = re.compile(r"task/([A-Z]+)/(.+)/([0-9]{4})")


def upgrade() -> None:
    """Each series goes on after the greatest number given, to tasks that are there and to those that are purged."""
    numbers = sa.table("numbers", sa.column("series", sa.String), sa.column("last", sa.BigInteger))
    last: dict[str, int] = {}
    for series, count in [*given_to_tasks(), *counted_by_authority(numbers)]:
        last[series] = max(last.get(series, 0), count)
    for series in last:
        op.execute(sa.delete(numbers).where(numbers.c.series == series))
    op.bulk_insert(numbers, [{"series": series, "last": count} for series, count in last.items()])


def given_to_tasks() -> list[tuple[str, int]]:
    tasks = sa.table("tasks", sa.column("number"))
    found = (NUMBER.fullmatch(number) for number in op.get_bind().execute(sa.select(tasks.c.number)).scalars())
    return [(f"task/{NATURES[match[2]]}/{match[1]}/{match[3]}", int(match[4])) for match in found if match]


def counted_by_authority(numbers: sa.TableClause) -> list[tuple[str, int]]:
    """What was counted by authority until now; a purged task has left its trace only here."""
    authorities = sa.table("authorities", sa.column("authority_id"), sa.column("short_name"))
    known = op.get_bind().execute(sa.select(authorities.c.authority_id, authorities.c.short_name)).all()
    names = {row.authority_id: row.short_name for row in known}
    counted = op.get_bind().execute(sa.select(numbers.c.series, numbers.c.last)).all()
    found = ((SERIES.fullmatch(row.series), row.last) for row in counted)
    return [
        (f"task/{match[1]}/{names[match[2]]}/{match[3]}", last) for match, last in found if match and match[2] in names
    ]


def downgrade() -> None:
    """Numbers by authority were kept."""
