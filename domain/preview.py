"""Preview before issuing: which messages nagging will bring to whom, and what a round asks of a school.

The rules are those of the sweeps: prompts and rungs of one instant are one message, what waits is taken up in the next
one, two a person and day at most, an hour apart; what no longer makes sense when its time has come is not said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from statistics import median

from domain.calendar import WEEKEND, OfficeHours
from domain.indicators import Indicator, Kind
from domain.ladder import Audience, Rung, due_rungs, fires_at, is_for_late

MOST_A_WEEK = 5
"""So many messages a person and week are borne; more is warned of."""
SECONDS_A_QUESTION, SECONDS_A_TEXT = 20, 60
"""What a question takes where nothing was measured: said as an estimate."""

Who = int
"""A person, as the caller counts them."""


@dataclass(frozen=True, slots=True)
class Sequel:
    """What a round will say. `issued_at`: when these dues came into force; `prompts` whom its opening is announced to
    (nobody, where that is over), `reminds` who fills it, `heads` who hears the rungs of the due day and later,
    `central` who gets the copy. `fired` are rungs that are in the ledger already."""

    issued_at: datetime
    due_at: datetime
    lock_at: datetime
    rungs: Sequence[Rung]
    prompts: frozenset[Who] = frozenset()
    reminds: frozenset[Who] = frozenset()
    heads: frozenset[Who] = frozenset()
    central: frozenset[Who] = frozenset()
    fired: frozenset[str] = frozenset()

    def makes_sense(self, rung: str, at: datetime) -> bool:
        return at < self.lock_at and (rung == OPENS or at <= self.due_at or is_for_late(rung))


OPENS = "opens"


@dataclass(frozen=True, slots=True)
class Said:
    """Of one round at one instant to these people; a `copy` is a message of its own."""

    at: datetime
    sequel: Sequel
    rung: str
    people: frozenset[Who]
    copy: bool = False


def sayings(sequel: Sequel, since: datetime, hours: OfficeHours) -> list[Said]:
    """What the round says from `since` on when nobody answers."""
    said = [Said(sequel.issued_at, sequel, OPENS, sequel.prompts)] if sequel.prompts else []
    seen: set[tuple[str, Audience]] = set()
    chasing = [rung for rung in sequel.rungs if rung.audience.chases and rung.key not in sequel.fired]
    for at in sorted({max(since, hours.next_within(fires_at(rung, sequel.due_at, hours))) for rung in chasing}):
        for due in due_rungs(chasing, sequel.issued_at, sequel.due_at, sequel.lock_at, at, hours):
            entry = (due.rung.key, due.rung.audience)
            if entry not in seen and (due.skip is not None or due.send_at == at):
                seen.add(entry)
                said += [_said(sequel, due.rung, at)] if due.skip is None else []
    return said


def _said(sequel: Sequel, rung: Rung, at: datetime) -> Said:
    if rung.audience is Audience.CENTRAL:
        return Said(at, sequel, rung.key, sequel.central, copy=True)
    return Said(at, sequel, rung.key, sequel.heads if rung.offset >= 0 else sequel.reminds)


def past_rungs(sequel: Sequel, hours: OfficeHours) -> list[str]:
    """The rungs for the units that are over when the round is issued, in the order of firing: they never fire."""
    units = [rung for rung in sequel.rungs if rung.audience is Audience.UNIT]
    gone = [(at, r.key) for r in units if (at := fires_at(r, sequel.due_at, hours)) <= sequel.issued_at]
    return [key for _, key in sorted(gone)]


@dataclass(slots=True)
class _Chat:
    """One person's: when messages went, and what waits until when."""

    hours: OfficeHours
    most_a_day: int
    spacing: timedelta
    sent: list[datetime] = field(default_factory=list)
    waiting: list[Said] = field(default_factory=list)
    until: datetime | None = None

    def pass_to(self, at: datetime) -> None:
        """What waited for an earlier instant has gone, unless it made no sense any more."""
        if self.until is not None and self.until < at:
            self._send(self.waiting, self.until)
            self.waiting, self.until = [], None

    def say(self, said: Sequence[Said], at: datetime) -> None:
        self.waiting += said
        self.until = self._may(at)

    def copy(self, said: Sequence[Said], at: datetime, may: datetime) -> None:
        self._send(said, max(at, may))

    def _may(self, at: datetime) -> datetime:
        today = [one for one in self.sent if self.hours.local(one).date() == self.hours.local(at).date()]
        if len(today) >= self.most_a_day:
            midnight = self.hours.at(self.hours.local(at).date() + timedelta(days=1), time(0))
            return self.hours.next_within(midnight)
        last = max(today, default=None)
        return at if last is None or last + self.spacing <= at else self.hours.next_within(last + self.spacing)

    def _send(self, said: Sequence[Said], at: datetime) -> None:
        if any(one.sequel.makes_sense(one.rung, at) for one in said):
            self.sent.append(at)

    def hear(self, said: Sequence[Said], at: datetime) -> None:
        self.pass_to(at)
        may = self._may(at)
        copies = [one for one in said if one.copy]
        if own := [one for one in said if not one.copy]:
            self.say(own, at)
        if self.until == at:
            self._send(self.waiting, at)
            self.waiting, self.until = [], None
        if copies:
            self.copy(copies, at, may)


def messages(
    sequels: Iterable[Sequel],
    since: datetime,
    until: datetime,
    hours: OfficeHours,
    most_a_day: int,
    spacing: timedelta,
    went: Mapping[Who, Sequence[datetime]] | None = None,
) -> dict[Who, list[datetime]]:
    """By person the instants of the messages from `since` to `until`; `went` are those that went before it."""
    heard: dict[Who, dict[datetime, list[Said]]] = {}
    for said in (one for sequel in sequels for one in sayings(sequel, since, hours)):
        if since <= said.at < until:
            for who in said.people:
                heard.setdefault(who, {}).setdefault(said.at, []).append(said)
    found: dict[Who, list[datetime]] = {}
    for who, by_instant in heard.items():
        before = list((went or {}).get(who, ()))
        chat = _Chat(hours, most_a_day, spacing, sent=list(before))
        for at, said_then in sorted(by_instant.items(), key=lambda one: one[0]):
            chat.hear(said_then, at)
        chat.pass_to(until)
        found[who] = chat.sent[len(before) :]
    return found


# ---- the burden


@dataclass(frozen=True, slots=True)
class Burden:
    """减负账 of a week or a month beginning on `first`: messages a person. `least_median` and `least_most`: when
    everybody reports on the first day."""

    first: date
    median: float
    most: int
    at_most: tuple[Who, ...]
    least_median: float
    least_most: int


def week_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def month_of(day: date) -> date:
    return day.replace(day=1)


Instants = Mapping[Who, Sequence[datetime]]


def burdens(worst: Instants, best: Instants, hours: OfficeHours) -> tuple[tuple[Burden, ...], tuple[Burden, ...]]:
    """By week and by month, over everybody who hears anything at all."""
    return tuple(  # type: ignore[return-value]
        _burdens(worst, best, hours, monthly=monthly) for monthly in (False, True)
    )


def _burdens(worst: Instants, best: Instants, hours: OfficeHours, *, monthly: bool) -> tuple[Burden, ...]:
    most, least = (_counted(one, hours, monthly=monthly) for one in (worst, best))
    people = sorted(worst)
    found: list[Burden] = []
    for first in sorted({first for _, first in most}):
        counts = {who: most[who, first] for who in people}
        lower = [least[who, first] for who in people]
        top = max(counts.values())
        at_most = tuple(who for who, count in counts.items() if count == top)
        found.append(Burden(first, median(counts.values()), top, at_most, median(lower), max(lower)))
    return tuple(found)


def _counted(instants: Instants, hours: OfficeHours, *, monthly: bool) -> Counter[tuple[Who, date]]:
    begin = month_of if monthly else week_of
    return Counter((who, begin(hours.local(at).date())) for who, all_ in instants.items() for at in all_)


# ---- what a round asks


@dataclass(frozen=True, slots=True)
class Questions:
    """How many a school answers: with the fewest and the most that conditions bring, and the seconds they take."""

    least: int
    most: int
    seconds: float
    conditions: tuple[tuple[str, int], ...] = ()

    @property
    def middle(self) -> float:
        return (self.least + self.most) / 2


def questions(indicators: Sequence[Indicator]) -> Questions:
    """Optional ones are free. `conditions`: by the answer of a yes/no question how many there are in all."""
    asked = [one for one in indicators if one.required]
    plain = [one for one in asked if one.only_if is None]
    by_answer: dict[str, dict[object, list[Indicator]]] = {}
    for one in asked:
        if one.only_if is not None:
            by_answer.setdefault(one.only_if.key, {}).setdefault(one.only_if.equals, []).append(one)
    least = most = len(plain)
    seconds = float(_seconds(plain))
    named = {one.key: one for one in indicators}
    conditions: list[tuple[str, int]] = []
    for key, branches in by_answer.items():
        sizes = [len(branches.get(answer, ())) for answer in (True, False)]
        least, most = least + min(sizes), most + max(map(len, branches.values()))
        seconds += sum(map(_seconds, branches.values())) / max(len(branches), 2)
        if (on := named.get(key)) is not None and on.kind is Kind.BOOL:
            words = [(on.yes or "是", sizes[0]), (on.no or "否", sizes[1])]
            conditions += [(f"{on.name}{word}", len(plain) + size) for word, size in words]
    return Questions(least, most, seconds, tuple(conditions) if len(by_answer) == 1 else ())


def _seconds(indicators: Iterable[Indicator]) -> int:
    return sum(SECONDS_A_TEXT if one.kind is Kind.TEXT else SECONDS_A_QUESTION for one in indicators)


def days_off(first: date, last: date, hours: OfficeHours) -> list[tuple[date, str]]:
    """The holidays from first to last (weekends are not named) and what they are."""
    days = (first + timedelta(days=n) for n in range((last - first).days + 1))
    return [(day, why) for day in days if (why := hours.calendar.why_off(day)) and why != WEEKEND]
