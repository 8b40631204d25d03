"""师生共640人,其中教师38人: the crowd that is not named is the rest of the whole;
学生488,老师31,合计519: both add up."""

from __future__ import annotations

from decimal import Decimal

from domain.understanding.nouns import bindings
from domain.understanding.outcome import Outcome, bounded, doubt, reading
from domain.understanding.profiles import Profile
from domain.understanding.quantities import Quantity
from domain.understanding.result import Reading, Why
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role

_BOTH = Rule(r"师生(?:员工)?|学生(?:和|及|与|加)?(?:教师|老师|教职工)|(?:教师|老师|教职工)(?:和|及|与|加)?学生")
_OF_WHICH = Rule(r"(?:其中|里面|当中)(?:有|含|包括)?(学生|教师|老师|教职工)$|(?P<part>(?:学生|教师|老师|教职工)占了?)$")
_CROWDS = ("student", "staff")


def fill_the_rest(scene: Scene, found: dict[str, Outcome]) -> None:
    """Of pupils and staff told together, with how many of them are the one, the other is the difference."""
    asked = {name: [p for p in scene.profiles if name in p.nouns and p.family == "count"] for name in _CROWDS}
    if any(len(profiles) > 1 for profiles in asked.values()):
        return
    _fill_what_adds_up(scene, asked, found)
    told = _whole_and_part(scene)
    if told is None:
        return
    whole, part, named = told
    other = asked[_CROWDS[named == "student"]]
    if not other or isinstance(found[other[0].key], Reading) or whole.value is None or part.value is None:
        return
    found[other[0].key] = _valued(scene, other[0], whole, part, whole.value - part.value, "the rest of both")


def _fill_what_adds_up(scene: Scene, asked: dict[str, list[Profile]], found: dict[str, Outcome]) -> None:
    """Each crowd by its name, and their sum behind them."""
    counts = [q for q in scene.quantities if q.sort == "count"]
    if len(counts) != 3 or roles(scene, counts[2]) is not Role.SUM or any(q.approximate for q in counts):
        return
    nouns = bindings(scene)
    named = {
        name: q for name in _CROWDS for q in counts[:2] if nouns[q.start].level >= 3 and name in nouns[q.start].concepts
    }
    amounts = [q.value for q in counts[:2] if q.value is not None]
    if len(named) < 2 or len(amounts) < 2 or sum(amounts, Decimal(0)) != counts[2].value:
        return
    for name, quantity in named.items():
        profile = next(iter(asked[name]), None)
        if profile is not None and not isinstance(found[profile.key], Reading):
            found[profile.key] = _valued(scene, profile, quantity, quantity, quantity.value or Decimal(0), "adds up")


def _whole_and_part(scene: Scene) -> tuple[Quantity, Quantity, str] | None:
    """The sum of both, and the one that is said to be among them; None where more is told."""
    counts = [q for q in scene.quantities if q.sort == "count" and (q.unit in ("人", "名", "个") or not q.unit)]
    if len(counts) != 2:
        return None
    whole, part = counts
    among = _OF_WHICH.search(scene.lead(part))
    nouns = bindings(scene)[part.start].concepts
    together = _BOTH.search(scene.lead(whole)) or (among and among["part"] and roles(scene, whole) is Role.SUM)
    if among is None or not together or roles(scene, whole) not in (Role.SUM, Role.VALUE):
        return None
    named = "student" if "学生" in among.groups() else "staff"
    sure = whole.value is not None and part.value is not None and part.value < whole.value and named in nouns
    return (whole, part, named) if sure and not (whole.approximate or part.approximate) else None


def _valued(scene: Scene, profile: Profile, first: Quantity, last: Quantity, value: Decimal, rule: str) -> Outcome:
    outcome = bounded(profile.question, value)
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome, first.start, last.end)
    return reading(scene, profile, outcome, (first.start, last.end), rule, changed=first is not last)
