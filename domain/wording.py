"""How days, numbers and answers are written, the same in the chat, the workbook and the bulletin.

Punctuation inside Chinese text is as in the model texts: half-width comma, colon and brackets, full-width 、 and 。
Everything here is plain text; a view escapes it for its own markup.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

from domain.indicators import Indicator, Kind, Ratio, Value

NOTHING = "—"

_WEEKDAYS = "一二三四五六日"
_DIGITS = "零一二三四五六七八九"


class Deadline(Protocol):
    """What `moved` needs of a round plan, or of a stored round."""

    @property
    def nominal_due(self) -> date: ...

    @property
    def due_day(self) -> date: ...

    @property
    def moved_because(self) -> str | None: ...


def weekday(d: date) -> str:
    return f"星期{_WEEKDAYS[d.weekday()]}"


def short_day(d: date) -> str:
    """9月24日"""
    return f"{d.month}月{d.day}日"


def day(d: date) -> str:
    """9月24日(星期四)"""
    return f"{short_day(d)}({weekday(d)})"


def _local(instant: datetime, zone: ZoneInfo) -> datetime:
    if instant.tzinfo is None:
        raise ValueError(f"{instant} has no time zone")
    return instant.astimezone(zone)


def clock(instant: datetime, zone: ZoneInfo) -> str:
    """17:00 on the bureau's clock."""
    return _local(instant, zone).strftime("%H:%M")


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """9月24日(星期四)17:00"""
    return day(_local(instant, zone).date()) + clock(instant, zone)


def short_moment(instant: datetime, zone: ZoneInfo) -> str:
    """9月24日17:00, where the weekday was said already."""
    return short_day(_local(instant, zone).date()) + clock(instant, zone)


def near_moment(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """今天17:00, 明天(9月24日,星期四)17:00, or `moment` when it is further off or past."""
    local = _local(instant, zone).date()
    away = local - _local(now, zone).date()
    if away == timedelta():
        return f"今天{clock(instant, zone)}"
    if away == timedelta(days=1):
        return f"明天({short_day(local)},{weekday(local)}){clock(instant, zone)}"
    return moment(instant, zone)


def soon(instant: datetime, now: datetime, zone: ZoneInfo) -> str:
    """When we ask again, as one says it: 今天15:00, 明天上午, 11月23日(星期一)上午."""
    local = _local(instant, zone)
    away = (local.date() - _local(now, zone).date()).days
    named = {0: "今天", 1: "明天", 2: "后天"}.get(away) or day(local.date())
    part = clock(instant, zone) if away == 0 else "上午" if local.hour < 12 else "下午"
    return f"{named}{part}"


def span(a: date, b: date) -> str:
    """8月26日至9月24日; with the years where they differ."""
    if a.year == b.year:
        return f"{short_day(a)}至{short_day(b)}"
    return f"{a.year}年{short_day(a)}至{b.year}年{short_day(b)}"


def moved_reason(plan: Deadline) -> str:
    """25日中秋放假,提前一天 — for brackets; empty when the deadline was not moved."""
    if plan.moved_because is None:
        return ""
    days = (plan.due_day - plan.nominal_due).days
    return f"{plan.moved_because},{'提前' if days < 0 else '顺延'}{_day_count(abs(days))}天"


def moved(plan: Deadline) -> str:
    """,25日中秋放假,提前一天 — to follow a deadline; empty when it was not moved."""
    reason = moved_reason(plan)
    return f",{reason}" if reason else ""


def _day_count(n: int) -> str:
    return "两" if n == 2 else numerals(n)


def short_label(label: str) -> str:
    """9月 of 2026年9月: how a round is called in a chat."""
    return label.partition("年")[2] or label


def round_title(label: str, task: str) -> str:
    """9月应急疏散演练: a round as people call it."""
    return f"{short_label(label)}{task}"


def amount(number: Decimal | int, scale: int | None = None) -> str:
    """Without trailing zeros; rounded half up to `scale` decimals when one is given."""
    number = Decimal(number)
    if scale is not None:
        number = number.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def value(indicator: Indicator, answer: Value, words: tuple[str, str] = ("是", "否")) -> str:
    """An answer as it is read back, with its unit and every digit it has. `words` are for yes and no."""
    match answer:
        case bool():
            return words[0] if answer else words[1]
        case Ratio(done, total):
            return f"{done}/{total}{indicator.unit}"
        case date():
            return day(answer)
        case int() | Decimal():
            return amount(answer) + _unit(indicator)
        case tuple():
            return f"{len(answer)}张" if indicator.kind is Kind.PHOTO else "、".join(answer)
        case str():
            return answer


def _unit(indicator: Indicator) -> str:
    return "%" if indicator.kind is Kind.PERCENT else indicator.unit


def percent(rate: Fraction | None) -> str:
    """88.4%, half up to one decimal; — for no rate. Only a whole says 100% and only nothing 0%."""
    if rate is None:
        return NOTHING
    if rate in (0, 1):
        return f"{int(rate * 100)}%"
    tenths = int(rate * 1000 + Fraction(1, 2))
    return f"{tenths // 10}.{tenths % 10}%"


_ROLES = {
    "principal": "校长", "deputy": "联络员", "central": "中心校", "section": "股室", "office": "领导小组办公室",
    "director": "局领导", "admin": "管理员",
}  # fmt: skip


def role(name: str, unit: str = "", *, handed: bool = False) -> str:
    """How a role is called: the head of a 幼儿园 is a 园长; `handed`: only what was handed over 交给他人办."""
    if handed:
        return "代填"
    if name == "principal" and unit.endswith(("幼儿园", "托儿所")):
        return "园长"
    if name == "office" and unit:
        return "办公室"
    return _ROLES.get(name, name)


def numerals(n: int) -> str:
    """Chinese numerals 〇 to 99 (零 一 … 九十九) for headings and small counts; figures beyond."""
    if not 0 <= n <= 99:
        return str(n)
    tens, ones = divmod(n, 10)
    if tens == 0:
        return _DIGITS[ones]
    return f"{_DIGITS[tens] if tens > 1 else ''}十{_DIGITS[ones] if ones else ''}"


def why_unreachable(reason: str) -> str:
    """What the office is told of a person whom no message reaches; `reason` is what the chat service said."""
    said = reason.lower()
    return next((words for key, words in _UNREACHABLE if key in said), "消息送不到")


_UNREACHABLE = (
    ("blocked", "已停用助手"),
    ("deactivated", "账号已注销"),
    ("can't initiate", "还没点过“开始”"),
    ("chat not found", "账号查不到"),
    ("kicked", "已把助手移出群"),
)
