"""One reply laid out: its clauses, days, amounts and the words of the trade, with their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from domain.indicators import Question
from domain.understanding import dates, labels, lexicon, quantities, repairs
from domain.understanding.clauses import Clause, Cue, parted, run_on
from domain.understanding.dates import When
from domain.understanding.masks import mask
from domain.understanding.normalise import BLANK, Normal, normalise
from domain.understanding.profiles import Profile, profile_of
from domain.understanding.quantities import Quantity
from domain.understanding.rule import Rule


@dataclass(frozen=True, slots=True)
class Scene:
    """`raw` is the normalised reply, `text` the same with masks over what is no value; one length, same places."""

    normal: Normal
    raw: str
    text: str
    profiles: tuple[Profile, ...]
    clauses: tuple[Clause, ...]
    whens: tuple[When, ...]
    quantities: tuple[Quantity, ...]
    cues: tuple[Cue, ...]
    today: date
    focus: str | None

    @property
    def month_meant(self) -> date:
        """A day of the month that 本月 means: today, in a late report the last day of its period."""
        ends = [p.question.period_to for p in self.profiles if p.question.period_to is not None]
        return min(self.today, max(ends)) if ends else self.today

    def clause_at(self, at: int) -> Clause:
        for clause in self.clauses:
            if at < clause.end:
                return clause
        return self.clauses[-1]

    def words(self, start: int, end: int) -> str:
        return self.normal.words(start, end)

    def said(self, clause: Clause) -> str:
        return self.normal.words(clause.start, clause.end).strip("，,。.；;！!？?、 \n")

    def cues_in(self, clause: Clause) -> list[Cue]:
        return [cue for cue in self.cues if clause.start <= cue.start < clause.end]

    def about(self, clause: Clause, profile: Profile) -> list[Cue]:
        """The cues of this question in the clause."""
        return [cue for cue in self.cues_in(clause) if cue.concepts & profile.concepts]

    def lead(self, quantity: Quantity) -> str:
        """What stands before an amount in its clause, behind the amount before."""
        start = self.clause_at(quantity.start).start
        earlier = [q.end for q in self.quantities if start <= q.start < quantity.start]
        return self.raw[max([start, *earlier]) : quantity.start]

    def tail(self, quantity: Quantity) -> str:
        """What stands behind an amount in its clause, before the next."""
        end = self.clause_at(quantity.start).end
        later = [q.start for q in self.quantities if quantity.end <= q.start < end]
        return self.raw[quantity.end : min([end, *later])]

    @property
    def core(self) -> str:
        """The reply without greetings and thanks."""
        return "，".join(clause.words for clause in self.clauses).strip("，。!、.~ \n" + BLANK)

    @property
    def alone(self) -> Profile | None:
        """The only question a bare word can belong to: the only one asked, or the one just asked."""
        if self.focus is not None:
            return next((p for p in self.profiles if p.key == self.focus), None)
        return self.profiles[0] if len(self.profiles) == 1 else None


def build(text: str, asked: Sequence[Question], today: date, focus: str | None) -> Scene:
    profiles = tuple(profile_of(question) for question in asked)
    scene = _laid_out(normalise(text), profiles, today, focus)
    slips = repairs.taken_back(scene.raw, _told(scene))
    if not slips:
        return scene
    raw = scene.raw
    for start, end in slips:
        raw = raw[:start] + BLANK * (end - start) + raw[end:]
    return _laid_out(scene.normal.with_text(raw), profiles, today, focus)


def _told(scene: Scene) -> list[tuple[int, int, str]]:
    """Amounts and days from left to right."""
    amounts = [(q.start, q.end, f"{q.sort} {q.unit}") for q in scene.quantities]
    return sorted([*amounts, *((w.start, w.end, "day") for w in scene.whens)])


def _laid_out(normal: Normal, profiles: tuple[Profile, ...], today: date, focus: str | None) -> Scene:
    masked = mask(normal.text)
    cues = _cues(normal.text, profiles)
    clauses = tuple(part for clause in parted(normal.text) for part in run_on(clause, cues, profiles))
    whens = _whens(masked, profiles, clauses, cues, today)
    for when in whens:
        masked = masked[: when.start] + BLANK * (when.end - when.start) + masked[when.end :]
    masked = _YEAR.sub(lambda match: BLANK * len(match.group()), masked)
    amounts = tuple(_in_asked_units(masked, quantities.find(masked), profiles))
    return Scene(normal, normal.text, masked, profiles, clauses, tuple(whens), amounts, cues, today, focus)


def _in_asked_units(text: str, amounts: list[Quantity], profiles: tuple[Profile, ...]) -> list[Quantity]:
    """带宽200兆, where 兆 is asked for: the unit of a question is a measure, though no list has it."""
    asked = {unit.lower() for p in profiles if (unit := p.question.unit) and p.family == "count"}
    found = []
    for amount in amounts:
        unit = next(
            (u for u in asked if amount.sort == "count" and not amount.unit and text.startswith(u, amount.end)), ""
        )
        found.append(replace(amount, unit=unit, end=amount.end + len(unit)) if unit else amount)
    return found


_YEAR = Rule(r"(?<!\d)(?:19|20)\d\d年(?!级)度?")


def _cues(raw: str, profiles: tuple[Profile, ...]) -> tuple[Cue, ...]:
    found: dict[tuple[int, int], set[str]] = {}
    for name, pattern in lexicon.PATTERNS:
        for match in pattern.finditer(raw):
            found.setdefault(match.span(), set()).add(name)
    nouns = [(span, names & lexicon.NOUNS) for span, names in found.items()]
    for profile in profiles:
        for match in profile.own.finditer(raw) if profile.own else ():
            if not _narrowed(match.span(), nouns, profile):
                found.setdefault(match.span(), set()).add("=" + profile.key)
    for span, key in _pieces(raw, profiles):
        found.setdefault(span, set()).add("~" + key)
    return tuple(Cue(start, end, frozenset(names)) for (start, end), names in sorted(found.items()))


def _pieces(raw: str, profiles: tuple[Profile, ...]) -> list[tuple[tuple[int, int], str]]:
    """Runs of pairs that stand in the label of one question asked and in no other."""
    owners: dict[str, list[str]] = {}
    for profile in profiles:
        for pair in labels.pieces(profile.question.label, profile.question.unit):
            owners.setdefault(pair, []).append(profile.key)
    found: list[tuple[tuple[int, int], str]] = []
    for at in range(len(raw) - 1):
        keys = owners.get(raw[at : at + 2], ())
        if len(keys) != 1:
            continue
        if found and found[-1][1] == keys[0] and found[-1][0][1] > at:
            found[-1] = ((found[-1][0][0], at + 2), keys[0])
        else:
            found.append(((at, at + 2), keys[0]))
    return found


def _narrowed(span: tuple[int, int], nouns: list[tuple[tuple[int, int], set[str]]], profile: Profile) -> bool:
    """教师参训 inside 骨干教师参训 is another question's."""
    return any(
        start < span[0] < end and names and not names & profile.nouns and not names & profile.soft
        for (start, end), names in nouns
    )


def _whens(
    masked: str, profiles: tuple[Profile, ...], clauses: tuple[Clause, ...], cues: tuple[Cue, ...], today: date
) -> list[When]:
    """Days named; 11-20 and 11.20 are days only where a day is asked and nothing else can be meant."""
    asked = [p for p in profiles if p.family == "date"]
    found = dates.find(masked, today, weak=bool(asked))
    if not any(when.weak for when in found):
        return found
    only = len(profiles) == len(asked)
    shares = any(p.family in ("ratio", "percent") for p in profiles)
    return [w for w in found if not w.weak or only or _stands_as_day(masked, w, clauses, cues, asked, shares)]


_AROUND = Rule(
    r"(?:已经|已|练|搞|了|演练|开展|做|日期|时间|是|在|于|为|:|的|号|日|下午|上午|、|\ue000|[\ue101-\ue1ff])*+"
)


def _heads(masked: str, when: When, clauses: tuple[Clause, ...]) -> bool:
    """11.18防踩踏412人: a dotted day at the very head, before what was done then."""
    dotted = masked[when.start : when.end].count(".") == 1
    return (
        dotted
        and clauses[0].start == when.start
        and bool(re.match(r"[\u4e00-\u9fff]{2}", masked[when.end : when.end + 2]))
    )


def _stands_as_day(
    masked: str,
    when: When,
    clauses: tuple[Clause, ...],
    cues: tuple[Cue, ...],
    asked: list[Profile],
    ratio_asked: bool,
) -> bool:
    clause = next(c for c in clauses if when.start < c.end)
    rest = masked[clause.start : when.start].rpartition("、")[2] + masked[when.end : clause.end].partition("、")[0]
    if _AROUND.fullmatch(rest):
        return (
            "/" not in masked[when.start : when.end]
            or not ratio_asked
            or bool(re.search(r"日期|时间", rest))
            or clause.marker > 0
        )
    before = masked[clause.start : when.start]
    if (
        when.start == clause.start
        and re.match(r"[搞开组举练进做]|的?演练", masked[when.end :])
        and "/" not in masked[when.start : when.end]
    ):
        return True
    if _heads(masked, when, clauses):
        return True
    shares = "/" in masked[when.start : when.end] and ratio_asked
    return bool(re.search(r"(?:日期|时间)[是为:在]?$", before)) or (
        not shares and any(cue.end == when.start and cue.concepts & p.concepts for cue in cues for p in asked)
    )
