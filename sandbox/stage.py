"""What the stage is given: who holds which phone, the story told beside them, and the clock it may drive."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol

_WEEKDAYS = "一二三四五六日"


@dataclass(frozen=True)
class Seat:
    """A phone on the stage. Seats of one `role_label` share a phone with a list to choose from.

    `start` is the payload of the deep link this person was given; an empty chat offers it as a button.
    """

    role_label: str
    user_id: int
    bot_token: str
    display_name: str
    start: str = ""

    @property
    def key(self) -> str:
        return f"{self.bot_token.split(':')[0]}/{self.user_id}"


@dataclass(frozen=True)
class StoryStep:
    """One page of the guided story; `seat` is the role label of the phone it speaks of."""

    title: str
    text: str
    seat: str = ""


class ClockControl(Protocol):
    """A clock that stops (speed 0), runs fast and jumps. `tz_name` is the bureau's zone, as in zoneinfo."""

    @property
    def speed(self) -> float: ...

    @property
    def tz_name(self) -> str: ...

    def now(self) -> datetime: ...

    def set_speed(self, x: float, /) -> None: ...

    def jump_to(self, instant: datetime, /) -> None: ...


class ClockRefusal(Exception):
    """A sentence for the person at the panel."""


class ClockPanel:
    def __init__(self, clock: ClockControl, zone: tzinfo) -> None:
        self.clock = clock
        self.zone = zone

    def state(self) -> dict[str, Any]:
        """`local_ms` are milliseconds of the wall clock in the bureau's zone, counted as if it were UTC."""
        local = self.clock.now().astimezone(self.zone)
        offset = local.utcoffset() or timedelta()
        return {
            "now": local.isoformat(),
            "local_ms": round((local.timestamp() + offset.total_seconds()) * 1000),
            "speed": self.clock.speed,
            "shown": f"{day(local)} {local:%H:%M}",
        }

    def set(self, wanted: dict[str, Any]) -> None:
        """`{"speed": 60}`, `{"jump": "+3600"}` (seconds), `{"jump": "09:00"}` (the next one), `{"jump": ISO}`."""
        if "speed" in wanted:
            self.clock.set_speed(_speed(wanted["speed"]))
        if "jump" in wanted:
            self.clock.jump_to(self._target(str(wanted["jump"])))

    def _target(self, jump: str) -> datetime:
        now = self.clock.now().astimezone(self.zone)
        try:
            target = self._parsed(jump, now)
        except ValueError:
            raise ClockRefusal("看不懂这个时间") from None
        if target < now:
            raise ClockRefusal("时间只能往前走")
        return target

    def _parsed(self, jump: str, now: datetime) -> datetime:
        if jump.startswith("+"):
            return now + timedelta(seconds=float(jump))
        if len(jump) == 5:
            today = datetime.strptime(jump, "%H:%M").replace(now.year, now.month, now.day, tzinfo=self.zone)
            return today if today > now else today + timedelta(days=1)
        target = datetime.fromisoformat(jump)
        return target if target.tzinfo else target.replace(tzinfo=self.zone)


def _speed(value: Any) -> float:
    if not isinstance(value, int | float) or not 0 <= value <= 86_400:
        raise ClockRefusal("速度须在 0 到 86400 之间")
    return float(value)


def day(local: datetime) -> str:
    return f"{local.month}月{local.day}日 星期{_WEEKDAYS[local.weekday()]}"
