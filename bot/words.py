"""Commands and their Chinese words: one table for the handlers, the menu and the keyboard at the bottom."""

from __future__ import annotations

COMMAND_WORDS: dict[str, tuple[str, ...]] = {
    "start": ("开始",),
    "todo": ("待办", "待报"),
    "history": ("已报",),
    "cancel": ("取消",),
    "help": ("帮助", "怎么用"),
    "digest": ("汇总",),
}
"""Every command also has Chinese words; the first of them stands in the menu."""

CHANGE_WORDS = ("修改", "改")
LATER_WORDS = ("稍后", "稍后填")
"""What the buttons of a card say, for whom they do not reach."""

PRINCIPAL_COMMANDS = ("todo", "history", "cancel", "help")
BUREAU_COMMANDS = ("digest", "help")

PRINCIPAL_KEYBOARD = (("待办", "已报", "帮助"),)
BUREAU_KEYBOARD = (("汇总", "帮助"),)

MENU = {
    "todo": "待办:还要报什么",
    "history": "已报:报过的",
    "cancel": "取消:放下正在问的",
    "help": "帮助:怎么用",
    "digest": "汇总:截至此刻的报送情况",
}
