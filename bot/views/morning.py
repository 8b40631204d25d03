"""For whoever runs this: what was set aside, and the one line of the morning."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

Facts = Mapping[str, str]


def set_aside(facts: Facts) -> list[str]:
    what = [f"· {name}" for name in facts.get("what", "").split("\n") if name]
    return [
        f"有{facts.get('count', '几')}件事几次都没办成,已放在一边,其余照常:",
        *what,
        *(["· 还有别的"] if facts.get("more") else []),
        "涉及学校的,请先打电话办。请告诉管理员:运行 duban doctor 看原因,修好后运行 duban retry 补办。",
    ]


def morning(facts: Facts) -> list[str]:
    """今天一切正常:昨天收到报送32件,消息都已送达;备份 03:00。"""
    wrong = _wrong(facts)
    received = f"{_since(facts)}收到报送{facts.get('received', '0')}件"
    backup = f";备份 {_backup(facts)}" if facts.get("backup") and not facts.get("late") else ""
    if not wrong:
        return [f"今天一切正常:{received},消息都已送达{backup}。", *_calendar(facts)]
    return [f"请留意:{','.join(wrong)};{received}{backup}。请运行 duban doctor。", *_calendar(facts)]


def _calendar(facts: Facts) -> list[str]:
    years = facts.get("uncovered")
    return [f"注意:{years}年的放假和调休还没有,日期暂按周末和固定节日推算,请补校历。"] if years else []


def _wrong(facts: Facts) -> list[str]:
    counted = (("aside", "件事没办成、放在一边"), ("dead", "条消息没送到"), ("uncertain", "条消息不知是否送到"))
    wrong = [f"{facts[name]}{what}" for name, what in counted if facts.get(name, "0") != "0"]
    if facts.get("late"):
        wrong.append(f"最近一次备份是{_backup(facts)}" if facts.get("backup") else "还没有备份")
    return wrong


def _since(facts: Facts) -> str:
    if not facts.get("since"):
        return "昨天"
    day = date.fromisoformat(facts["since"])
    return f"{day.month}月{day.day}日以来"


def _backup(facts: Facts) -> str:
    made = datetime.fromisoformat(facts["backup"])
    return f"{made.month}月{made.day}日" if facts.get("late") else f"{made:%H:%M}"
