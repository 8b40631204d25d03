"""From one reply to an `Understanding`: the way through the grammar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache

from domain.indicators import Question
from domain.understanding import (
    alignment,
    bools,
    choices,
    crowds,
    days,
    guard,
    intent,
    negation,
    numbers,
    ratios,
    repairs,
    roles,
    same,
    scene,
    texts,
)
from domain.understanding.negation import Polarity, polarity
from domain.understanding.outcome import Outcome
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Doubt, Intent, Reading, Understanding, Why
from domain.understanding.scene import Scene

_LONGEST = 1000


def understand(
    text: str,
    asked: Sequence[Question],
    *,
    now: datetime,
    read_back_open: bool = False,
    focus: str | None = None,
    calm: bool = False,
) -> Understanding:
    """What `text` says about the questions asked.

    `focus` is the key of the question last asked: a bare value belongs to it. `read_back_open` says that a read-back
    awaits its 提交, so that 对, 好的 or 👍 confirm it; `calm` that the words are of no emergency. Text beyond 1000
    characters is not read.
    """
    text = text[:_LONGEST]
    laid_out = scene.build(text, asked, now.date(), focus) if asked else _unasked(text, now.date())
    bare = laid_out.raw.strip("，。!、.~ \n")
    if read_back_open and intent.CONFIRM.fullmatch(bare):
        return Understanding(Intent.CONFIRM)
    if not calm and intent.emergency(laid_out.raw):
        return Understanding(Intent.EMERGENCY)
    if not bare or not asked:
        return Understanding(_idle(laid_out, bare))
    return _intended(laid_out, bare)


@lru_cache(maxsize=256)
def _unasked(text: str, today: date) -> Scene:
    """The same words are looked at several times for what they are, whatever is asked."""
    return scene.build(text, (), today, None)


def _idle(laid_out: Scene, bare: str) -> Intent:
    if bare and intent.question(laid_out):
        return Intent.QUESTION
    if intent.chatters(bare):
        return Intent.CHATTER
    promised = intent.promises(laid_out) or intent.only_promises(bare)
    return Intent.LATER if promised else Intent.UNCLEAR


def _intended(laid_out: Scene, bare: str) -> Understanding:
    if intent.only_promises(bare):
        return Understanding(Intent.LATER)
    if intent.GREETING.fullmatch(bare):
        return Understanding(Intent.CHATTER)
    outcomes = read_all(laid_out)
    readings = tuple(o for o in outcomes if isinstance(o, Reading))
    doubts = _doubts(laid_out, outcomes)
    if question := intent.question(laid_out):
        if not (readings and intent.procedural(question) and _counted(readings)):
            return Understanding(Intent.QUESTION, (), doubts, held=readings, aside=question)
        return Understanding(Intent.ANSWER, readings, doubts, aside=question)
    if intent.refuses(laid_out) and not _counted(readings) and not _done_besides(laid_out, readings):
        return Understanding(Intent.REFUSE)
    if _nothing_said(laid_out, bare, readings):
        return Understanding(_idle(laid_out, bare), (), doubts)
    if not readings:
        return Understanding(Intent.LATER if intent.promises(laid_out) else Intent.UNCLEAR, (), doubts)
    return Understanding(_answer_or_correction(laid_out), readings, doubts)


def _doubts(laid_out: Scene, outcomes: list[Reading | Doubt]) -> tuple[Doubt, ...]:
    """A bare value that answered the question just asked leaves no doubt about the others it might have fitted."""
    settled = any(isinstance(o, Reading) and o.key == laid_out.focus for o in outcomes) and len(laid_out.clauses) == 1
    doubts = (o for o in outcomes if isinstance(o, Doubt))
    return tuple(d for d in doubts if not (settled and d.why in (Why.AMBIGUOUS, Why.NOT_UNDERSTOOD)))


def _counted(readings: tuple[Reading, ...]) -> bool:
    """Values that only a figure gives; 已, 有 and free words stand in a refusal too."""
    return any(not isinstance(r.value, bool | str | date) and r.rule not in ("none", "all") for r in readings)


def _done_besides(laid_out: Scene, readings: tuple[Reading, ...]) -> bool:
    """成立了,校长负责: something is told outside the clause that hands over."""
    clause = laid_out.clause_at(intent.refusal(laid_out)[0])
    refused = laid_out.said(clause)
    told = [r for r in readings if not r.rule.startswith(("the words", "none"))]
    told = [r for r in told if r.rule != "all" or not negation.everything(refused)]
    return any(r.words.strip("，,。 ") not in refused for r in told)


def _nothing_said(laid_out: Scene, bare: str, readings: tuple[Reading, ...]) -> bool:
    """Thanks and acknowledgement, or a promise where only words were asked."""
    if intent.chatters(bare) and not _bare_yes(laid_out, laid_out.core):
        return True
    words_only = bool(readings) and all(r.rule.startswith("the words") for r in readings)
    return words_only and intent.promises(laid_out) and (len(bare) <= 24)


def _bare_yes(laid_out: Scene, bare: str) -> bool:
    """是 and 对 answer the one yes-or-no question they can belong to."""
    bools_asked = [p for p in laid_out.profiles if p.family == "bool"]
    mine = laid_out.alone is not None and laid_out.alone.family == "bool"
    return bare in ("是", "是的", "对", "对的") and (mine or (len(bools_asked) == 1 and laid_out.focus is None))


def _answer_or_correction(laid_out: Scene) -> Intent:
    raw = laid_out.raw
    first = laid_out.clauses[0].start
    told = [q for q in laid_out.quantities if not repairs.changes_only(laid_out.lead(q))]
    starts = [q.start for q in told] + [w.start for w in laid_out.whens]
    if repairs.within(raw[first:], sorted(at - first for at in starts)):
        return Intent.ANSWER
    if repairs.speaks_of_earlier(raw[first:]) or _denies_earlier(laid_out):
        return Intent.CORRECTION
    return Intent.ANSWER


def _denies_earlier(laid_out: Scene) -> bool:
    """不是95%,是96%: somebody said 95 before."""
    said = any(roles.said_before(laid_out, q) for q in laid_out.quantities)
    revoked = [repairs.revoked(laid_out.lead(q)) for q in laid_out.quantities]
    revoked += [repairs.revoked(laid_out.raw[: w.start]) for w in laid_out.whens]
    return any(revoked) or (said and repairs.sets_right(laid_out.raw))


def read_all(laid_out: Scene) -> list[Reading | Doubt]:
    """One outcome for each question the reply speaks of, in the order asked."""
    taken, torn = alignment.align(laid_out)
    found: dict[str, Outcome] = {}
    for profile in laid_out.profiles:
        found[profile.key] = guard.checked(laid_out, profile, _outcome(laid_out, profile, taken, torn), taken)
    crowds.fill_the_rest(laid_out, found)
    _fill_from_list(laid_out, found)
    used = [_span(laid_out, o) for o in found.values() if isinstance(o, Reading)]
    for profile in laid_out.profiles:
        if profile.family == "text" and found[profile.key] is None:
            found[profile.key] = texts.read(laid_out, profile, used)
    _infer_done(laid_out, found)
    _drop_dependents(laid_out, found)
    return [outcome for outcome in found.values() if outcome is not None]


def _outcome(
    laid_out: Scene,
    profile: Profile,
    taken: dict[str, list[alignment.Assigned]],
    torn: dict[str, list[Quantity]],
) -> Outcome:
    if (repeated := same.read(laid_out, profile)) is not None and profile.key not in taken:
        return repeated
    match profile.family:
        case "ratio":
            return ratios.read(laid_out, profile, taken.get(profile.key, []), torn.get(profile.key, []))
        case "bool":
            return bools.read(laid_out, profile)
        case "choice":
            return choices.read(laid_out, profile)
        case "date":
            return days.read(laid_out, profile)
        case "text" | "none":
            return None
        case _:
            return numbers.read(laid_out, profile, taken.get(profile.key, []), torn.get(profile.key, []))


def _span(laid_out: Scene, reading: Reading) -> tuple[int, int]:
    at = laid_out.normal.original.find(reading.words)
    inside = [i for i, s in enumerate(laid_out.normal.starts) if at <= s < at + len(reading.words)]
    return (inside[0], inside[-1] + 1) if inside and reading.words else (0, 0)


def _fill_from_list(laid_out: Scene, found: dict[str, Outcome]) -> None:
    """1、是 2、昨天 3、520: an item that names no question answers the one of its number."""
    for number, words in _items(laid_out).items():
        if not 1 <= number <= len(laid_out.profiles):
            continue
        profile = laid_out.profiles[number - 1]
        named = any(
            laid_out.about(c, p)
            for c in laid_out.clauses
            if c.marker == number
            for p in laid_out.profiles
            if p.numeric or p is profile
        )
        strange = _names_another(laid_out, number, profile)
        if strange and (isinstance(found[profile.key], Reading) or (named and isinstance(found[profile.key], Doubt))):
            continue
        alone = scene.build(words, [profile.question], laid_out.today, None)
        taken, torn = alignment.align(alone)
        outcome = _outcome(alone, alone.profiles[0], taken, torn)
        if outcome is None and profile.family == "text":
            outcome = texts.read(alone, alone.profiles[0], [])
        if isinstance(outcome, Reading):
            found[profile.key] = replace(outcome, rule=outcome.rule + ", numbered")


def _names_another(laid_out: Scene, number: int, profile: Profile) -> bool:
    """The item of this number names another question, and not its own."""
    cues = [cue for c in laid_out.clauses if c.marker == number for cue in laid_out.cues_in(c)]
    others = frozenset[str]().union(*(p.named for p in laid_out.profiles if p is not profile))
    return any(cue.concepts & others for cue in cues) and not any(cue.concepts & profile.named for cue in cues)


def _items(laid_out: Scene) -> dict[int, str]:
    """The words of each list item."""
    items: dict[int, list[int]] = {}
    for clause in laid_out.clauses:
        if clause.marker:
            span = items.setdefault(clause.marker, [clause.start, clause.end])
            span[1] = clause.end
    if len(items) < 2:
        return {}
    return {number: laid_out.words(*span) for number, span in items.items()}


def _infer_done(laid_out: Scene, found: dict[str, Outcome]) -> None:
    """A day behind us, people who took part, a time taken: then it was done, though nobody said 已开展."""
    if repairs.speaks_of_earlier(laid_out.raw):
        return
    for profile in laid_out.profiles:
        if profile.family != "bool" or isinstance(found[profile.key], Reading) or not profile.key.endswith("_done"):
            continue
        told = [
            r for r in found.values() if isinstance(r, Reading) and _sibling(r.key, profile) and _happened(r, laid_out)
        ]
        if not told and _only_planned(laid_out, found):
            found[profile.key] = Reading(
                profile.key, False, laid_out.normal.original.strip(), "only planned", changed=True
            )
        if told and polarity(laid_out.raw) is not Polarity.PLAN:
            found[profile.key] = Reading(profile.key, True, told[0].words, "follows from " + told[0].key, changed=True)


def _only_planned(laid_out: Scene, found: dict[str, Outcome]) -> bool:
    """计划周五搞, and nothing else: not yet done."""
    days = [o.value for o in found.values() if isinstance(o, Reading)]
    ahead = bool(days) and all(isinstance(day, date) and day > laid_out.today for day in days)
    again = any(word in laid_out.raw for word in ("下次", "下一次", "下回", "再"))
    return ahead and not again and len(laid_out.clauses) == 1 and polarity(laid_out.raw) is Polarity.PLAN


def _sibling(key: str, profile: Profile) -> bool:
    """drill_students of drill_done, and drills.1.students: the columns of its rows."""
    return key != profile.key and key.startswith((f"{profile.prefix}_", f"{profile.prefix}.", f"{profile.prefix}s."))


def _happened(reading: Reading, laid_out: Scene) -> bool:
    if isinstance(reading.value, date):
        return reading.value <= laid_out.today
    return not isinstance(reading.value, str | bool) and reading.rule != "none"


def _drop_dependents(laid_out: Scene, found: dict[str, Outcome]) -> None:
    """After a no to 是否已开展 its day, kind, people and seconds are neither stored nor asked."""
    for profile in laid_out.profiles:
        outcome = found[profile.key]
        if not isinstance(outcome, Reading) or outcome.value is not False or not profile.key.endswith("_done"):
            continue
        for key in found:
            if _sibling(key, profile) and found[key] is not None:
                found[key] = None


__all__ = ["Why", "read_all", "understand"]
