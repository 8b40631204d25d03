"""The other principals of the demo: they hold phones of the stand-in and answer like people, each at a planned hour."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sandbox import Bubble, NoSuchButton, NotSeen, Phone

_log = logging.getLogger(__name__)

AT_ONCE = 4
"""How many answer at the same time."""


@dataclass(slots=True)
class Neighbour:
    """A principal who answers at `at` what is still owed; `words` give an answer to each question by its name."""

    phone: Phone
    at: datetime
    words: dict[str, str]
    unfinished: bool = False

    async def report(self) -> None:
        """Ask what is owed, fill in one after the other, confirm what is read back."""
        await self.phone.say("待办")
        listed = await self.phone.wait_for("待报", timeout=10)
        for label in [label for label in listed.buttons if "填" in label or "提交" in label]:
            await self.phone.press(label, on=listed)
            await self._fill_in()

    async def _fill_in(self) -> None:
        for _ in range(16):
            card = await self.phone.wait_for(self._is_newest_card, timeout=10)
            if card.text.startswith(("✓", "【已提交】")):
                return
            if "【请核对" in card.text:
                if self.unfinished:
                    return
                await self.phone.press("提交", on=card)
                await self.phone.wait_for("✓ 已收到", timeout=10)
                return
            await self._answer(card.text, card.buttons)

    def _is_newest_card(self, bubble: Bubble) -> bool:
        """An older card that loses its buttons is news too, but not what is asked now."""
        return bubble.id == self.phone.last.id and bubble.text.startswith(("【", "✓"))

    async def _answer(self, text: str, buttons: list[str]) -> None:
        asked = next((line for line in text.splitlines() if line.startswith(("请答:", "✗"))), "")
        words = next((answer for name, answer in self.words.items() if name in asked), "稍后")
        if words in buttons:
            await self.phone.press(words)
        else:
            await self.phone.say(words)


def answers(rng: random.Random, students: int, staff: int, classes: int, drilled: str) -> dict[str, str]:
    """What this school would say. `drilled` is the day of its drill, in Chinese."""
    found = rng.choice([0, 0, 1, 2, 2, 3, 4])
    done = classes if rng.random() < 0.4 else rng.randint(classes // 2, classes)
    return {
        "应急疏散演练": "已开展" if rng.random() > 0.06 else "未开展",
        "演练日期": drilled,
        "类型": rng.choice(["地震", "火灾", "防踩踏"]),
        "学生": str(students - rng.randint(0, students // 12)),
        "教职工": str(staff - rng.randint(0, 2)),
        "用时": str(rng.randint(65, 170)),
        "隐患": f"{found - (found > 2)}/{found}" if found else "0/0",
        "原因": "操场正在翻修,没有集合场地",
        "补做": "11月27日",
        "班班通": f"{done}/{classes}",
        "已建": f"{done}/{classes}",
        "故障": str(rng.choice([0, 0, 0, 1, 2])),
        "建成": "12月25日",
    }


async def live(neighbours: Sequence[Neighbour], now: Callable[[], datetime]) -> None:
    """Until cancelled: whoever's hour has come answers, a few at a time."""
    waiting = sorted(neighbours, key=lambda neighbour: neighbour.at)
    while waiting:
        due = [neighbour for neighbour in waiting[:AT_ONCE] if neighbour.at <= now()]
        waiting = waiting[len(due) :]
        await asyncio.gather(*(_try(neighbour) for neighbour in due))
        await asyncio.sleep(0.3)


async def _try(neighbour: Neighbour) -> None:
    try:
        await neighbour.report()
    except (NoSuchButton, NotSeen) as problem:
        _log.info("a neighbour gave up: %s", problem, extra={"action": "neighbour_gave_up"})


def hours(rng: random.Random, first: datetime, last: datetime) -> datetime:
    """Some instant between two."""
    return first + timedelta(seconds=rng.random() * (last - first).total_seconds())
