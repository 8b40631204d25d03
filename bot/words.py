"""Commands and their Chinese words: one table for the handlers, the menu and the keyboard at the bottom."""

from __future__ import annotations

import re

COMMAND_WORDS: dict[str, tuple[str, ...]] = {
    "start": ("开始",),
    "todo": ("待办", "待报"),
    "history": ("已报",),
    "cancel": ("取消",),
    "help": ("帮助", "怎么用"),
    "digest": ("汇总",),
    "people": ("人员",),
    "review": ("审核",),
    "chase": ("催报", "未报"),
    "progress": ("进度",),
    "issue": ("预览", "下发"),
}
"""Every command also has Chinese words; the first of them stands in the menu."""

FROM_GROUP = "group"
"""What a start link says that stood in a group; no code is so short."""

CHANGE_WORDS = ("修改", "改", "更正")
REVIEW_WORDS = ("补报", "延期")
LATER_WORDS = ("稍后", "稍后填")
TAKE_BACK_WORDS = ("收回",)
"""What the buttons of a card say, for whom they do not reach."""
RELEASE_WORDS = ("解除暂停",)

_PEOPLE = re.compile(r"^\s*人员[\s:：]+(\S.*?)\s*$")


def people_query(words: str) -> str | None:
    """Whom the office looks for: 清河 of 人员 清河; None for other words."""
    found = _PEOPLE.match(words)
    return found[1] if found else None


PRINCIPAL_COMMANDS = ("todo", "history", "cancel", "help")
BUREAU_COMMANDS = ("progress", "digest", "chase", "review", "issue", "people", "help")

PRINCIPAL_KEYBOARD = (("待办", "已报", "帮助"),)
BUREAU_KEYBOARD = (("汇总", "催报", "审核", "帮助"),)

MENU = {
    "todo": "待办:还要报什么",
    "history": "已报:报过的",
    "cancel": "取消:放下正在问的",
    "help": "帮助:怎么用",
    "progress": "进度:正在报的各项到了多少",
    "issue": "预览:下发前看要问谁、何时问",
    "digest": "汇总:截至此刻的报送情况",
    "chase": "催报:谁还没报、电话、提醒",
    "review": "审核:补报和延期申请",
    "people": "人员:开通情况、邀请码(办公室)",
}

REPEATED = "【重发】"
"""Before a receipt of which we do not know whether it arrived the first time."""
