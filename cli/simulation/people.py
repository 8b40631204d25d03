"""Scripted principals: each reads its own phone and nothing else, and answers after its temperament.

A life is an async generator: it acts on the phone, then yields how long until it acts again.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import islice

from cli.simulation.replies import Phrasebook, School, plainly, sentence
from domain.groups import MORE
from domain.indicators import Indicator, Kind
from sandbox import Bubble, NoSuchButton, Phone
from services.corrections import REASONS

Life = AsyncIterator[timedelta]

MOST_STEPS = 45
"""Steps on one report after which anybody gives up for the day."""
MOST_TRIES = 4
AGAIN = "还有第"
"""How a repeating group asks whether there was one more."""
WHOLE = 0.75
"""So often a report is begun with one sentence that says it all."""


class Temperament(StrEnum):
    PUNCTUAL = "punctual"
    LATE = "late"
    SILENT = "silent"
    CONFUSED = "confused"
    CORRECTING = "correcting"
    CHATTY = "chatty"


SHARES = {
    Temperament.PUNCTUAL: 0.42,
    Temperament.LATE: 0.16,
    Temperament.SILENT: 0.06,
    Temperament.CONFUSED: 0.12,
    Temperament.CORRECTING: 0.12,
    Temperament.CHATTY: 0.12,
}


@dataclass(slots=True)
class Principal:
    phone: Phone
    temperament: Temperament
    school: School
    book: Phrasebook
    rng: random.Random
    now: Callable[[], datetime]
    zone_day: Callable[[datetime], datetime]
    _tries: dict[str, int] = field(default_factory=dict)

    # when

    def reacts(self, kind: str, due: datetime) -> list[datetime]:
        """The instants at which it will sit down after this message; `kind` is prompt or a reminder of some kind."""
        now, draw = self.now(), self.rng.random()
        match self.temperament:
            case Temperament.SILENT:
                return []
            case Temperament.LATE if kind == "prompt":
                return [due + timedelta(hours=self.rng.uniform(0.2, 60))]
            case Temperament.LATE:
                return [now + timedelta(hours=self.rng.uniform(2, 30))] if draw < 0.3 else []
            case Temperament.CONFUSED:
                return [now + timedelta(hours=self.rng.uniform(1, 50))] if draw < 0.7 else []
            case _ if kind == "prompt":
                return [now + (due - now) * self.rng.uniform(0.02, 0.8)]
            case _:
                return [now + timedelta(minutes=self.rng.uniform(5, 240))]

    def awake(self, at: datetime) -> datetime:
        """Nobody reports at night: moved into 07:00–21:30 of the same day."""
        local = self.zone_day(at)
        return local if 7 <= local.hour < 21 else local.replace(hour=self.rng.randint(8, 18))

    @property
    def _today(self) -> date:
        return self.zone_day(self.now()).date()

    # what

    async def sit_down(self) -> Life:
        """Reports what is owed, one after the other, as this kind of person does."""
        await self.phone.say("待办")
        yield timedelta(seconds=self.rng.randint(5, 40))
        listed = self.phone.last
        for label in [label for label in listed.buttons if "填" in label or label.startswith("提交")]:
            if self._leaves_off():
                return
            if not await self._tap(label, listed):
                continue
            yield self._thinks()
            async for pause in self._report():
                yield pause
        async for pause in self._afterwards():
            yield pause

    def _leaves_off(self) -> bool:
        """The telephone rings, the bell rings."""
        return self.rng.random() < (0.15 if self.temperament is Temperament.CONFUSED else 0.03)

    def _thinks(self) -> timedelta:
        return timedelta(seconds=self.rng.randint(8, 90))

    async def _report(self) -> Life:
        self._tries.clear()
        spoke = False
        for _ in range(MOST_STEPS):
            card = self._card()
            if card is None or "【请核对" in card.text:
                break
            asked = self._asked(card)
            if asked is None:
                return
            if not spoke:
                spoke = True
                async for pause in self._opening(card):
                    yield pause
                continue
            if not await self._answer(asked, card):
                return
            yield self._thinks()
        if self.temperament is Temperament.CONFUSED and self.rng.random() < 0.3:
            return  # complete, read back, and forgotten
        if self.rng.random() < 0.3:
            await self.phone.say(self.rng.choice(["对", "好的", "没错", "可以", "👍"]))
        else:
            await self._tap("提交", self._card())
        yield self._thinks()

    async def _opening(self, card: Bubble) -> Life:
        """The first words on a report: a whole sentence, a question, or something that helps nobody."""
        questions = self.book.task_named(card.text.splitlines()[0])
        if self.temperament is Temperament.CONFUSED and self.rng.random() < 0.6:
            await self.phone.say(self.rng.choice(self.book.of(self.rng.choice(["unclear", "question"]))))
            yield self._thinks()
        if self.temperament is Temperament.CHATTY and self.rng.random() < 0.4:
            await self._chatter()
            yield self._thinks()
        if self.rng.random() < WHOLE:
            await self.phone.say(sentence(questions, self.school, self._today, self.rng))
            yield self._thinks()

    async def _chatter(self) -> None:
        draw = self.rng.random()
        if draw < 0.2:
            await self.phone.sticker()
        elif draw < 0.4:
            await self.phone.voice()
        else:
            await self.phone.say(self.rng.choice(self.book.of("question" if draw < 0.7 else "unclear")))

    def _card(self) -> Bubble | None:
        """The newest card of a report on the phone."""
        return next((shown for shown in islice(self.phone.newest(), 6) if shown.text.startswith("【")), None)

    def _asked(self, card: Bubble) -> Indicator | None:
        """The question that the card puts, or doubts."""
        line = next((line for line in card.text.splitlines() if line.startswith(("请答:", "✗"))), "")
        questions = self.book.task_named(card.text.splitlines()[0])
        if AGAIN in line:
            return next((q for q in questions if q.key.endswith(f".{MORE}")), None)
        named = [q for q in questions if q.label in line or q.name in line]
        return max(named, key=lambda q: (q.label in line, len(q.name)), default=None)

    async def _answer(self, asked: Indicator, card: Bubble) -> bool:
        """Says or taps an answer; False when this principal gives the question up."""
        tries = self._tries[asked.key] = self._tries.get(asked.key, 0) + 1
        if tries > MOST_TRIES:
            return False
        if asked.kind is Kind.CHOICES and await self._tap("选好了", card):
            return True
        if tries == 1 and self.temperament is Temperament.CONFUSED and self.rng.random() < 0.2:
            await self.phone.say(self.rng.choice(self.book.of("unclear")))
            return True
        plain = plainly(asked, self.school, self._today, self.rng)
        if not await self._tap(plain, card):
            await self.phone.say(plain)
        return True

    async def _tap(self, label: str, on: Bubble | None = None) -> bool:
        try:
            await self.phone.press(label, on=on)
        except NoSuchButton:
            return False
        return True

    # afterwards

    async def _afterwards(self) -> Life:
        if self.temperament is Temperament.CHATTY:
            await self.phone.say("辛苦了,谢谢")
            yield self._thinks()
        if self.temperament is not Temperament.CORRECTING:
            return
        yield timedelta(hours=self.rng.uniform(0.5, 20))
        receipts = (shown for shown in self.phone.newest() if shown.text.startswith("✓ 已收到") and shown.buttons)
        receipt = next(receipts, None)
        if receipt is not None and await self._tap("修改", receipt):
            yield self._thinks()
            async for pause in self._correct():
                yield pause

    async def _correct(self) -> Life:
        """Picks an answer, gives another, says why, sends."""
        card = self._card()
        if card is None or not card.buttons:
            return
        await self._tap(card.buttons[0], card)
        yield self._thinks()
        card = self._card()
        asked = self._asked(card) if card else None
        if card is None or asked is None:
            return
        self._tries.clear()
        await self._answer(asked, card)
        yield self._thinks()
        for label in ("提交", self.rng.choice(REASONS)):
            if (card := self._card()) and await self._tap(label, card):
                yield self._thinks()
