"""How people are addressed, when the roster does not say."""

from __future__ import annotations

_DOUBLE = (
    "欧阳", "司马", "上官", "诸葛", "东方", "皇甫", "尉迟", "公孙",
    "慕容", "令狐", "夏侯", "司徒", "端木", "长孙", "宇文", "轩辕",
)  # fmt: skip


def surname(name: str) -> str:
    return name[:2] if name[:2] in _DOUBLE and len(name) > 2 else name[:1]


def salutation(name: str, unit: str, role: str) -> str:
    """王校长, 刘园长, 陈股长, 李干事; for a deputy 张老师."""
    return f"{surname(name)}{_title(unit, role)}" if name else ""


def _title(unit: str, role: str) -> str:
    match role:
        case "principal":
            return "园长" if unit.endswith(("幼儿园", "托儿所")) else "校长"
        case "deputy":
            return "老师"
        case "director":
            return "局长"
        case "office":
            return "干事"
    return {"股": "股长", "站": "站长", "馆": "馆长", "科": "科长"}.get(unit[-1:], "主任")
