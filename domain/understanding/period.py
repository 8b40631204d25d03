"""A report that comes when its month is over: 本月 means the month of the period, not the one it is said in."""

from __future__ import annotations

import re
from datetime import date

_NUMBER = r"(?:\d|[一二三四五六七八九十廿])"
_THIS_MONTH = re.compile(rf"(?:本月|这个?月|当月)(?=份?{_NUMBER}+[日号]|[底末])")
_NAMES = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")
_NOT_BEHIND = r"(?<![\d年至到和、一二三四五六七八九十])"


def of_period(words: str, period_to: date, today: date) -> str:
    """The words as if said within the period: 本月5日 of December's report is 12月5日 in January, and the bare
    12月 is 本月. Unchanged while the month of the period is not over."""
    if (period_to.year, period_to.month) >= (today.year, today.month):
        return words
    month = rf"{_NOT_BEHIND}(?:{period_to.month}|{_NAMES[period_to.month - 1]})月份?"
    words = _THIS_MONTH.sub(f"{period_to.month}月", words)
    return re.sub(rf"{month}(?!的?{_NUMBER}|底|末|[-/.])", "本月", words)
