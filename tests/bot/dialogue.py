"""A conversation as a table: what the person does, what the phone then shows."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox import Bubble, Phone
from tests.stage import Stage

Line = tuple[str, str | tuple[str, ...]]
"""What is done and what is expected.

Done: `[提交]` presses the newest button that begins so, `<sticker>` and `<voice>` are sent, anything else is typed.
Expected of the newest message: the words stand in it; `!` before: they do not; `toast:` before: the button answered so.
"""


@dataclass(slots=True)
class Dialogue:
    stage: Stage
    phone: Phone

    @property
    def last(self) -> Bubble:
        return self.phone.last

    async def play(self, *lines: Line) -> None:
        for number, (does, expects) in enumerate(lines, 1):
            toast = await self.do(does)
            for wanted in (expects,) if isinstance(expects, str) else expects:
                self._check(wanted, toast, f"line {number}, {does}:\n{self.phone.dump(4)}")

    async def do(self, does: str) -> str:
        """Returns the answer to a pressed button."""
        match does:
            case "<sticker>":
                await self.phone.sticker()
            case "<voice>":
                await self.phone.voice()
            case _ if does.startswith("["):
                return await self.press(does.strip("[]"))
            case _:
                await self.phone.say(does)
        await self.stage.settled()
        return ""

    async def press(self, label: str, on: Bubble | None = None) -> str:
        await self.phone.press(label, on=on)
        answer = await self.phone.wait_answer()
        await self.stage.settled()
        return answer.text or ""

    async def press_data(self, data: str) -> str:
        """As a stale or forged button would."""
        await self.phone.press_data(data, on=self.phone.messages[-1])
        answer = await self.phone.wait_answer()
        await self.stage.settled()
        return answer.text or ""

    def _check(self, wanted: str, toast: str, where: str) -> None:
        if wanted.startswith("toast:"):
            assert wanted.removeprefix("toast:") in toast, f"toast {toast!r} at {where}"
        elif wanted.startswith("!"):
            assert wanted[1:] not in self.last.text, f"unwanted {wanted[1:]!r} at {where}"
        else:
            assert wanted in self.last.text, f"no {wanted!r} at {where}"
