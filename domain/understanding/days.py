"""Which of the days named answers which date question."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from domain.understanding import dates, repairs
from domain.understanding.dates import When
from domain.understanding.outcome import Outcome, doubt, reading
from domain.understanding.profiles import Profile
from domain.understanding.result import Why
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene

_PLANNED = Rule(
    r"下次|下一次|下回|再搞|再练|计划|预计|准备|打算|拟|安排在|争取|定在|定于|改在|改到(?!了)|力争|将于|初步"
)
_HAPPENED = Rule(r"了|已|[搞展织行做练查办开弄学]的|过(?!年|几|两)|这次|本次|最近一次|上次")
_DROPPED = Rule(
    r"原定(?:于|在)?|原计划(?:于|在)?|原来(?:说|定|计划|想|打算)(?:好|是)?(?:在|于)?|本来(?:定|是|准备|说|想)?(?:在|于)?|原本(?:定)?(?:在|于)?|截至|截止(?:到)?|不是"
)
_CANCELLED = Rule(r"取消|没(?:搞|办|开)成|停")
_EITHER = Rule(r"不是.*就是|或者?|要么|可能|也许|说不定|不一定|好像|记得")
_EVENTS = frozenset({"drill", "prep", "train", "study", "six", "bbt", "feature", "ethics"})
_STRANGE = Rule(r"家长会|运动会|月考|期中考试|联考|文艺汇演|春游|秋游|体检|疫苗")


_UNSURE = Rule(r"记不清|记不得|不(?:太|大|是很)?确定|不敢确定|拿不准|吃不准|说不准")


def read(scene: Scene, profile: Profile) -> Outcome:
    if scene.alone is profile and _UNSURE.search(scene.raw):
        return doubt(scene, profile, Why.PUT_OFF)
    whens = [_in_month_said(scene, when) for when in scene.whens if _is_for(scene, when, profile)]
    whens = _named_first(scene, _without_apposed(scene, _last_said(scene, whens), profile), profile)
    exact = [when for when in whens if not when.vague]
    exact = [when for when in exact if not _denied(scene, when, profile)] or exact
    if not exact:
        return _undated(scene, profile, whens)
    found = {when: dates.resolve(when, profile.question, scene.today, _tense(scene, when)) for when in exact}
    days = {day for day in found.values() if isinstance(day, date)}
    span = (exact[0].start, exact[-1].end)
    if any(_EITHER.search(scene.clause_at(when.start).words) for when in exact):
        return doubt(scene, profile, Why.AMBIGUOUS, *span)
    if len(days) == 1 and len({*found.values()}) == 1:
        return _dated(scene, profile, exact, days.pop(), span)
    if len(days) > 1 and _for_each_its_own(scene, profile, exact):
        return doubt(scene, profile, Why.AMBIGUOUS, *span)
    if days and re.search(r"最近|最后", profile.question.label) and len(days) == len({*found.values()}):
        return reading(scene, profile, max(days), span, "latest day", changed=True)
    reasons = [why for why in found.values() if isinstance(why, Why)]
    return doubt(scene, profile, Why.AMBIGUOUS if days else reasons[0], *span)


def _for_each_its_own(scene: Scene, profile: Profile, exact: list[When]) -> bool:
    """11月12日,11月18日, where two such days are asked and neither is named."""
    way = dates.direction(profile.question, scene.today)
    rivals = [p for p in scene.profiles if p.family == "date" and p is not profile]
    alike = [p for p in rivals if dates.direction(p.question, scene.today) == way]
    return bool(alike) and not any(_named(scene, when, profile) for when in exact)


def _denied(scene: Scene, when: When, profile: Profile) -> bool:
    """昨天没搞, 是20号搞的."""
    clause = scene.clause_at(when.start)
    past = dates.direction(profile.question, scene.today) < 0
    return past and bool(
        re.match(r"[^，。;]{0,4}(?:没|未)[搞开展组举练做弄办进学查]", scene.raw[when.end : clause.end])
    )


_MONTH_SAID = Rule(r"(?P<shift>上上个?|上个?|下个?)月")


def _in_month_said(scene: Scene, when: When) -> When:
    """上个月是二十三号: the month named before in the clause; 8月24号到28号，24号开班: the very day named before."""
    if when.form != "day" or when.shift is not None:
        return when
    said = _MONTH_SAID.findall(scene.raw[scene.clause_at(when.start).start : when.start])
    if said:
        return dates.shifted(when, said[-1])
    again = [w for w in scene.whens if w.end <= when.start and w.month and w.day == when.day]
    return replace(when, form="month_day", month=again[-1].month, year=again[-1].year) if again else when


_APPOSED = Rule(r"[，、(]?(?:搞|开展|组织|举行|练|做|弄|办|开|进行|签|查)?[过了的]*(?:那天)?[，、(是]*")


def _without_apposed(scene: Scene, whens: list[When], profile: Profile) -> list[When]:
    """本月12号,周四: a weekday beside its own date says nothing new."""
    kept: list[When] = []
    for when in whens:
        before = dates.resolve(kept[-1], profile.question, scene.today) if kept else None
        close = kept and _APPOSED.fullmatch(scene.raw[kept[-1].end : when.start])
        bare = when.form == "weekday" and when.shift is None and close
        if not (bare and isinstance(before, date) and before.weekday() == when.day):
            kept.append(when)
    return kept


def _named_first(scene: Scene, whens: list[When], profile: Profile) -> list[When]:
    """文件11月5日收到,演练11月18日搞的: the day beside the event's name."""
    named = [when for when in whens if _named(scene, when, profile)]
    return named if named and any(not when.vague for when in named) else whens


def _dated(scene: Scene, profile: Profile, exact: list[When], day: date, span: tuple[int, int]) -> Outcome:
    literal = all(when.form == "month_day" for when in exact)
    about = any(when.approximate for when in exact)
    return reading(scene, profile, day, span, "day", approximate=about, changed=not literal)


def _undated(scene: Scene, profile: Profile, whens: list[When]) -> Outcome:
    if whens and (scene.alone is profile or any(_named(scene, when, profile) for when in whens)):
        return doubt(scene, profile, Why.VAGUE_DATE, whens[0].start, whens[-1].end)
    if (compact := _compact(scene, profile)) is not None:
        return compact
    return doubt(scene, profile, Why.NOT_UNDERSTOOD) if scene.alone is profile else None


_COMPACT = Rule(r"(?P<m>[01]\d)(?P<d>[0-3]\d)")


def _compact(scene: Scene, profile: Profile) -> Outcome:
    """1120 as the whole reply to the only date asked."""
    match = _COMPACT.fullmatch(scene.raw.strip("，。 "))
    if match is None or scene.alone is not profile:
        return None
    when = When(0, len(scene.raw), "month_day", None, int(match["m"]), int(match["d"]))
    day = dates.resolve(when, profile.question, scene.today)
    if isinstance(day, Why):
        return doubt(scene, profile, day)
    return reading(scene, profile, day, (0, len(scene.raw)), "compact day", changed=True)


def _last_said(scene: Scene, whens: list[When]) -> list[When]:
    cut = repairs.kept_from(scene.raw, [when.start for when in whens])
    return [when for when in whens if when.start >= cut]


def _is_for(scene: Scene, when: When, profile: Profile) -> bool:
    clause = scene.clause_at(when.start)
    before = scene.raw[clause.start : when.start]
    dropped = re.search(rf"(?:{_DROPPED.pattern})[^，。;]{{0,4}}$", before)
    if (dropped and not re.search(r"不是[^，。;]*是$", before)) or _CANCELLED.search(clause.words):
        return False
    if _REPORTED.match(scene.raw[when.end :]) or (_LAST_TIME.search(before) and _THIS_TIME.search(scene.raw)):
        return False
    if (
        when.form == "day"
        and when.day > scene.today.day
        and _FIXED.search(before)
        and not _HAPPENED.search(clause.words)
    ):
        return dates.direction(profile.question, scene.today) >= 0
    if dates.direction(profile.question, scene.today) < 0 and _TO_BE.search(clause.words):
        return False
    strange = _STRANGE.search(clause.words)
    if (
        (strange and strange.group() not in profile.question.label)
        or _other_year(when, profile)
        or _elsewhere(scene, when, profile)
    ):
        return False
    return _on_this_side(scene, when, profile)


_LAST_TIME, _THIS_TIME = Rule(r"上一?[次回](?:是|在|搞的?)?$"), Rule(r"[这本]一?[次回]")
_FIXED = Rule(r"(?:定|安排|排|放)(?:在|到|于)(?:了|本月|这个?月)?$")
"""定在27号, said on the 23rd, is to come."""
_REPORTED = Rule(r"(?:上午|下午)?(?:我)?(?:报|填|说|写|发)(?:的|错|成)")
_TO_BE = Rule(r"^[^，。;了已过]*(?:准备|打算|计划|要)(?:搞|开展|组织|练|举行|弄|做|开|办)[^了过]*$")


def _other_year(when: When, profile: Profile) -> bool:
    """去年 is another period, except for what happens once (启动, 建成)."""
    return when.last_year and not re.search(r"启动|建成|成立|开班|挂牌", profile.question.label)


def _named(scene: Scene, when: When, profile: Profile) -> bool:
    return bool(scene.about(scene.clause_at(when.start), profile))


def _elsewhere(scene: Scene, when: When, profile: Profile) -> bool:
    """The clause is about another event: another date question's, or one nobody asked about."""
    clause = scene.clause_at(when.start)
    if scene.about(clause, profile):
        return _nearer(scene, when, profile)
    others = [p for p in scene.profiles if p is not profile and p.family == "date"]
    if any(scene.about(clause, p) and not p.concepts & profile.topics for p in others):
        return True
    named = {name for cue in scene.cues_in(clause) for name in cue.concepts} & _EVENTS
    return bool(named and profile.topics & _EVENTS and not named & profile.topics)


def _nearer(scene: Scene, when: When, profile: Profile) -> bool:
    """In 演练11月11日备课检查11月19日 each day belongs to the event named last before it."""
    rivals = [p for p in scene.profiles if p.family == "date" and p is not profile and _events(p) != _events(profile)]
    clause = scene.clause_at(when.start)
    mine = [c.end for c in scene.about(clause, profile) if c.end <= when.start]
    theirs = [
        c.end
        for p in rivals
        for c in scene.about(clause, p)
        if c.end <= when.start and not c.concepts & profile.concepts
    ]
    return bool(theirs) and max(theirs) > max(mine, default=-1)


def _events(profile: Profile) -> frozenset[str]:
    return profile.topics & _EVENTS


def _tense(scene: Scene, when: When) -> int:
    words = scene.clause_at(when.start).words
    return 1 if _PLANNED.search(words) else -1 if _HAPPENED.search(words) else 0


def _told(scene: Scene) -> bool:
    """今天演练,520人,用时110秒: figures of what is over."""
    return any(not _PLANNED.search(scene.clause_at(q.start).words) for q in scene.quantities)


def _on_this_side(scene: Scene, when: When, profile: Profile) -> bool:
    """A planned day is for what is planned, a past one for what happened, where both are asked."""
    way = dates.direction(profile.question, scene.today)
    rivals = [
        p for p in scene.profiles
        if p.family == "date" and p is not profile and dates.direction(p.question, scene.today) == -way
    ]  # fmt: skip
    clause = scene.clause_at(when.start)
    cues = scene.cues_in(clause)
    if (
        way > 0
        and any(c.concepts & profile.named for c in cues)
        and not any(c.concepts & r.named for c in cues for r in rivals)
    ):
        return True
    if _is_planned(scene, when):
        return way >= 0 or not rivals
    if not rivals or way == 0:
        return True
    if way < 0 and _HAPPENED.search(clause.words):
        return True
    day = dates.resolve(when, profile.question, scene.today)
    if day == scene.today and _told(scene):
        return way < 0
    if way < 0 and isinstance(day, date) and scene.today.replace(day=1) <= day < scene.today:
        return True
    elsewhere = (dates.resolve(when, rival.question, scene.today) for rival in rivals)
    return isinstance(day, date) and not any(isinstance(other, date) for other in elsewhere)


def _is_planned(scene: Scene, when: When) -> bool:
    clause = scene.clause_at(when.start)
    before = scene.raw[clause.start : when.start]
    if _PLANNED.search(before) or _PLANNED.match(scene.raw[when.end :]):
        return True
    return bool(_PLANNED.search(clause.words)) and not _HAPPENED.search(before)
