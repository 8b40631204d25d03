"""Views: pure functions from what is to be shown to text and buttons. The texts follow the rules of the trade: the
first line says what it is and by when, people are addressed as the roster says, nothing is threatened."""

from __future__ import annotations

from bot.views import people
from bot.views.answers import confirm_binding, say, which_report
from bot.views.cards import card, receipt
from bot.views.chasing import central_copy, missing, unreached
from bot.views.course import course
from bot.views.digests import digest
from bot.views.emergencies import alarm, emergency
from bot.views.issuing import issuing
from bot.views.joint import joint
from bot.views.later import later
from bot.views.lists import back, prompt, reminder, todo
from bot.views.photos import photos
from bot.views.progress import progress
from bot.views.reasking import reasked
from domain.messages import Alarm, ConfirmBinding, Emergency, Receipt, Say, WhichReport
from services.absences import AbsenceContent
from services.chase_lists import CopyContent, MissingContent
from services.content import (
    BackContent,
    CardContent,
    Content,
    DigestContent,
    JointContent,
    PromptContent,
    ReaskedContent,
    ReminderContent,
    Scene,
    TodoContent,
)
from services.course_content import CourseContent, GuideContent, NoteContent, ToldContent
from services.issuing import IssueContent, IssuedContent, IssueListContent
from services.issuing_content import SampleContent
from services.later_content import LaterLive
from services.people_content import (
    HandoverCardContent,
    HandoverContent,
    InvitationContent,
    PeopleContent,
    PeopleLive,
    PersonContent,
    TakeBackContent,
    TakeoverContent,
)
from services.progress import ProgressContent
from services.rendering import Rendered
from services.showing import PhotosContent
from services.unreached import UnreachedContent

__all__ = ["render"]


def render(content: Content, scene: Scene) -> list[Rendered]:
    """The parts of a message; all but digests and photos have one."""
    match content:
        case PromptContent():
            return [prompt(content, scene)]
        case ReminderContent():
            return [reminder(content, scene)]
        case ReaskedContent():
            return [reasked(content, scene)]
        case CardContent():
            return [card(content, scene)]
        case JointContent():
            return [joint(content, scene)]
        case TodoContent():
            return [todo(content, scene)]
        case BackContent():
            return [back(content, scene)]
        case DigestContent():
            return digest(content, scene)
        case MissingContent():
            return missing(content, scene)
        case IssueListContent() | IssueContent() | IssuedContent() | SampleContent():
            return [issuing(content, scene)]
        case ProgressContent():
            return [progress(content, scene)]
        case CourseContent() | ToldContent() | NoteContent() | GuideContent() | AbsenceContent():
            return [course(content, scene)]
        case UnreachedContent():
            return unreached(content, scene)
        case CopyContent():
            return [central_copy(content, scene)]
        case PhotosContent():
            return photos(content)
        case Receipt():
            return [receipt(content, scene)]
        case ConfirmBinding():
            return [confirm_binding(content)]
        case WhichReport():
            return [which_report(content)]
        case Say():
            return [say(content)]
        case Emergency():
            return [emergency(content)]
        case Alarm():
            return [alarm(content, scene)]
        case _:
            return [_about_people(content, scene)]


def _about_people(content: PeopleLive | LaterLive, scene: Scene) -> Rendered:
    match content:
        case InvitationContent():
            return people.invitation(content, scene)
        case HandoverContent():
            return people.handover(content, scene)
        case HandoverCardContent():
            return people.handover_card(content, scene)
        case TakeBackContent():
            return people.take_back(content)
        case TakeoverContent():
            return people.takeover(content, scene)
        case PeopleContent():
            return people.people(content)
        case PersonContent():
            return people.person(content, scene)
        case _:
            return later(content, scene)
