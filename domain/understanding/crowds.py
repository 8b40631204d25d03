"""师生共640人,其中教师38人: the crowd that is not named is the rest of the whole."""

from __future__ import annotations

from decimal import Decimal

from domain.understanding.lexicon import Profile
from domain.understanding.nouns import bindings
from domain.understanding.outcome import Outcome, bounded, doubt, reading
from domain.understanding.quantities import Quantity
from domain.understanding.result import Reading, Why
from domain.understanding.roles import roles
from domain.understanding.rule import Rule
from domain.understanding.scene import Scene
from domain.understanding.sharing import Role

_BOTH = Rule(r"师生(?:员工)?|学生(?:和|及|与|加)?(?:教师|老师|教职工)|(?:教师|老师|教职工)(?:和|及|与|加)?学生")
_OF_WHICH = Rule(r"(?:其中|里面|当中)(?:有|含|包括)?(?P<who>学生|教师|老师|教职工)$")
_CROWDS = ("student", "staff")


def fill_the_rest(scene: Scene, found: dict[str, Outcome]) -> None:
    """Of pupils and staff told together, with how many of them are the one, the other is the difference."""
    asked = {name: [p for p in scene.profiles if name in p.nouns and p.family == "count"] for name in _CROWDS}
    if not _BOTH.search(scene.raw) or any(len(profiles) > 1 for profiles in asked.values()):
        return
    told = _whole_and_part(scene)
    if told is None:
        return
    whole, part, named = told
    other = asked[_CROWDS[named == "student"]]
    if not other or isinstance(found[other[0].key], Reading) or whole.value is None or part.value is None:
        return
    found[other[0].key] = _rest(scene, other[0], whole, part, whole.value - part.value)


def _whole_and_part(scene: Scene) -> tuple[Quantity, Quantity, str] | None:
    """The sum of both, and the one that is said to be among them; None where more is told."""
    counts = [q for q in scene.quantities if q.sort == "count" and (q.unit in ("人", "名", "个") or not q.unit)]
    if len(counts) != 2:
        return None
    whole, part = counts
    among = _OF_WHICH.search(scene.lead(part))
    nouns = bindings(scene)[part.start].concepts
    if among is None or not _BOTH.search(scene.lead(whole)) or roles(scene, whole) not in (Role.SUM, Role.VALUE):
        return None
    named = "student" if among["who"] == "学生" else "staff"
    sure = whole.value is not None and part.value is not None and part.value < whole.value and named in nouns
    return (whole, part, named) if sure and not (whole.approximate or part.approximate) else None


def _rest(scene: Scene, profile: Profile, whole: Quantity, part: Quantity, value: Decimal) -> Outcome:
    outcome = bounded(profile.question, value)
    if isinstance(outcome, Why):
        return doubt(scene, profile, outcome, whole.start, part.end)
    return reading(scene, profile, outcome, (whole.start, part.end), "the rest of both", changed=True)
