"""Every step of the reading, in Chinese, for a person who asks why (`duban understand TEXT --task KEY`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from domain.indicators import Question, Ratio, Value
from domain.understanding import alignment, scene
from domain.understanding.dates import When
from domain.understanding.quantities import Quantity
from domain.understanding.result import Doubt, Intent, Reading, Understanding, Why
from domain.understanding.roles import roles
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role
from domain.understanding.understand import understand

INTENTS = {
    Intent.ANSWER: "填报",
    Intent.CORRECTION: "更正此前所报",
    Intent.QUESTION: "提问",
    Intent.REFUSE: "不报或转他人",
    Intent.UNCLEAR: "没有听懂",
    Intent.CONFIRM: "确认",
    Intent.LATER: "稍后再报",
    Intent.CHATTER: "寒暄",
    Intent.EMERGENCY: "突发事件",
}
REASONS = {
    Why.FUZZY: "不是一个确数",
    Why.OUT_OF_RANGE: "超出范围",
    Why.NOT_A_NUMBER: "没有数",
    Why.DONE_OVER_TOTAL: "完成数大于总数",
    Why.TOTAL_UNKNOWN: "总数不明",
    Why.FUTURE: "日期还没到",
    Why.PAST: "日期已过",
    Why.VAGUE_DATE: "不是确切的一天",
    Why.NO_SUCH_DATE: "没有这一天",
    Why.NO_SUCH_CHOICE: "不在选项之内",
    Why.AMBIGUOUS: "有两种理解",
    Why.CONTRADICTORY: "前后矛盾",
    Why.PUT_OFF: "还不清楚或待定",
    Why.NOT_UNDERSTOOD: "没有听懂",
}
_ROLES = {
    Role.VALUE: "数值",
    Role.SUM: "合计",
    Role.TOTAL: "总数",
    Role.DONE: "完成数",
    Role.REMAIN: "未完成数",
    Role.SUBSET: "其中数",
    Role.EACH: "每份的数",
    Role.CHANGE: "增减数",
    Role.PLANNED: "计划数",
    Role.OTHER: "别的时期的数",
    Role.DENIED: "一个也没有",
    Role.REVOKED: "已改口",
}


def explain(
    text: str, asked: Sequence[Question], *, now: datetime, read_back_open: bool = False, focus: str | None = None
) -> list[str]:
    """Lines to print: what was read, what it belongs to, what came of it and why."""
    laid_out = scene.build(text, asked, now.date(), focus)
    understood = understand(text, asked, now=now, read_back_open=read_back_open, focus=focus)
    return [
        f"原话：{text.strip()}",
        *([f"规整：{_visible(laid_out.raw)}"] if laid_out.raw != text else []),
        *_clauses(laid_out),
        *(_day(laid_out, when) for when in laid_out.whens),
        *_amounts(laid_out),
        f"意图：{INTENTS[understood.intent]}",
        *_results(understood, {q.key: q for q in asked}),
    ]


def _visible(raw: str) -> str:
    return "".join(c for c in raw if not "\ue000" <= c <= "\uf8ff")


def _clauses(laid_out: Scene) -> list[str]:
    lines = []
    for clause in laid_out.clauses:
        about = [p.question.label for p in laid_out.profiles if laid_out.about(clause, p)]
        lines.append(f"分句：{laid_out.said(clause)}" + (f" → 说到：{'、'.join(about)}" if about else ""))
    return lines


def _day(laid_out: Scene, when: When) -> str:
    return f"日期：{laid_out.words(when.start, when.end)}" + ("（不确切）" if when.vague else "")


def _amounts(laid_out: Scene) -> list[str]:
    taken, torn = alignment.align(laid_out)
    owner = {a.quantity.start: laid_out_label(laid_out, key) for key, found in taken.items() for a in found}
    shared = {q.start for found in torn.values() for q in found}
    ratio = {a.quantity.start for p in laid_out.profiles if p.family == "ratio" for a in taken.get(p.key, [])}
    return [_amount(laid_out, q, owner.get(q.start), q.start in shared, q.start in ratio) for q in laid_out.quantities]


def laid_out_label(laid_out: Scene, key: str) -> str:
    return next(p.question.label for p in laid_out.profiles if p.key == key)


def _amount(laid_out: Scene, quantity: Quantity, owner: str | None, shared: bool, ratio: bool) -> str:
    said = laid_out.words(quantity.start, quantity.end)
    value = "不确数" if quantity.value is None else f"{quantity.value.normalize():f}"
    role = _ROLES[roles(laid_out, quantity, ratio=ratio)]
    whose = f"归于：{owner}" if owner else "分不清归哪一项" if shared else "不属于所问各项"
    return f"数量：{said} = {value}（{role}）→ {whose}"


def _results(understood: Understanding, asked: dict[str, Question]) -> list[str]:
    lines = [_reading("结果", reading, asked) for reading in understood.readings]
    lines += [_reading("暂不存", reading, asked) for reading in understood.held]
    lines += [_doubt(doubt, asked) for doubt in understood.doubts]
    return lines or ["结果：不存任何数值"]


def _reading(head: str, reading: Reading, asked: dict[str, Question]) -> str:
    about = "约" if reading.approximate else ""
    question = asked[reading.key]
    value = f"{about}{shown(reading.value)}{_unit(question, reading.value)}"
    return f"{head}：{question.label} = {value}（据“{reading.words}”，规则：{reading.rule}）"


def _unit(question: Question, value: Value) -> str:
    return question.unit if isinstance(value, int | Decimal) and not isinstance(value, bool) else ""


def _doubt(doubt: Doubt, asked: dict[str, Question]) -> str:
    words = f"：“{doubt.words}”" if doubt.words else ""
    return f"要再问：{asked[doubt.key].label}——{REASONS[doubt.why]}{words}"


def shown(value: Value) -> str:
    """A value as a person reads it."""
    match value:
        case bool():
            return "是" if value else "否"
        case Ratio():
            return f"{value.done}/{value.total}"
        case date():
            return f"{value.year}年{value.month}月{value.day}日"
        case tuple():
            return "、".join(value)
        case _:
            return str(value)
