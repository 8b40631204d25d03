"""交给他人办: a principal hands one task to a colleague by a one-time code, and takes it back any time."""

from __future__ import annotations

from dataclasses import dataclass

from db.ids import new_id
from db.tables import Account, Card, Chat, Delegation, Membership, Person, Role
from domain.messages import HandoverCard, InvitationText, ReportCard, ReportKey, Say, Strip, TakeBackList
from domain.phrases import Phrase
from services import binding, invitations
from services.delegations import handed_over, heads_of
from services.outbox import Recipient, card_key, queue, show_card
from services.people import CHANNEL, actor_of, chat_row, chats_of, office_facts, recipients_of_units
from services.reporting import Outcome, sheet_for
from services.sheets import Sheet, open_sheets, sheet_of
from services.turn import Handed, Turn

CARD = "handover"
LONGEST_NAME = 20


@dataclass(frozen=True, slots=True)
class How:
    """`lasting`: from now on, else this once. `may_submit`: he sends it himself, else the principal confirms it."""

    lasting: bool = False
    may_submit: bool = False

    @property
    def code(self) -> int:
        return int(self.lasting) + 2 * int(self.may_submit)


def how_of(code: int) -> How | None:
    return How(bool(code & 1), bool(code & 2)) if 0 <= code <= 3 else None


# ---- the principal


async def offer(turn: Turn, key: ReportKey | None, how: How | None = None) -> Outcome:
    """交给他人办: of this report, or (None) of any that the principal still owes. `how` changes what was chosen."""
    if not turn.person.headed_units:
        return Outcome.NOT_YOURS
    if key is not None:
        _, allowed = await _headed(turn, key)
        if allowed is not Outcome.DONE:
            return allowed
    chosen = how or How()
    card = HandoverCard(report=key, lasting=chosen.lasting, may_submit=chosen.may_submit)
    await show_card(turn.session, turn.to, card, turn.now, below=how is None, key=CARD)
    return Outcome.DONE


async def _headed(turn: Turn, key: ReportKey) -> tuple[Sheet | None, Outcome]:
    """The report, if the actor heads its unit: only a principal hands over."""
    sheet, allowed = await sheet_for(turn, key)
    if sheet is None or sheet.unit.id not in turn.person.headed_units:
        return None, Outcome.NOT_YOURS
    return sheet, allowed


async def give(turn: Turn, key: ReportKey, how: How) -> Outcome:
    """The task is offered; whoever confirms the code takes it over. What was handed to another before is taken back."""
    sheet, allowed = await _headed(turn, key)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    for earlier in await handed_over(turn.session, turn.bureau.id, [sheet.unit.id]):
        if earlier.handed.task_id == sheet.task.id:
            await _end(turn, earlier.handed.delegation_id)
    delegation = Delegation(
        bureau_id=turn.bureau.id, id=new_id(), unit_id=sheet.unit.id, task_id=sheet.task.id, round_id=sheet.round.id,
        lasting=how.lasting, may_submit=how.may_submit, given_by=turn.person.person_id, given_at=turn.now,
    )  # fmt: skip
    turn.session.add(delegation)
    await turn.session.flush()
    invitation = await invitations.prepare(
        turn.session, turn.bureau.id, turn.now, delegation_id=delegation.id, by=turn.person.person_id
    )
    card = HandoverCard(report=key, lasting=how.lasting, may_submit=how.may_submit, delegation_id=delegation.id)
    await show_card(turn.session, turn.to, card, turn.now, key=CARD)
    await queue(turn.session, turn.to, InvitationText(invitation_id=invitation.id), turn.now)
    return Outcome.DONE


async def take_back(turn: Turn, delegation_id: int) -> Outcome:
    """收回: at once, whether it was taken over or not."""
    delegation = await turn.session.get(Delegation, (turn.bureau.id, delegation_id))
    if delegation is None or delegation.unit_id not in turn.person.headed_units:
        return Outcome.NOT_YOURS
    if delegation.ended_at is not None:
        return Outcome.OUT_OF_DATE
    await _end(turn, delegation_id)
    task = await _title(turn, delegation)
    facts = office_facts(turn.bureau) | {"task": task}
    await queue(turn.session, turn.to, Say(phrase=Phrase.TAKEN_BACK, facts=facts), turn.now)
    return Outcome.DONE


async def take_back_words(turn: Turn) -> None:
    """收回, typed: the only one, else a list to choose from."""
    given = await handed_over(turn.session, turn.bureau.id, turn.person.headed_units)
    if len(given) == 1:
        await take_back(turn, given[0].handed.delegation_id)
    elif given:
        await queue(turn.session, turn.to, TakeBackList(), turn.now)
    else:
        facts = office_facts(turn.bureau)
        await queue(turn.session, turn.to, Say(phrase=Phrase.NOTHING_HANDED_OVER, facts=facts), turn.now)


async def _end(turn: Turn, delegation_id: int) -> None:
    """The code is void, the colleague's membership ends, and he is told in one sentence."""
    delegation = await turn.session.get(Delegation, (turn.bureau.id, delegation_id), with_for_update=True)
    if delegation is None:
        return
    delegation.ended_at = turn.now
    await invitations.void_delegation(turn.session, turn.bureau.id, delegation_id, turn.now)
    if delegation.membership_id is None:
        return
    membership = await turn.session.get(Membership, (turn.bureau.id, delegation.membership_id))
    if membership is None:
        return
    membership.ended_at = turn.now
    await turn.session.flush()
    facts = {"task": await _title(turn, delegation), "head": turn.person.address}
    for to in await chats_of(turn.session, turn.bureau.id, membership.person_id):
        await _clear_away(turn, to, delegation)
        said = Say(phrase=Phrase.TAKEN_FROM_YOU, facts=office_facts(turn.bureau) | facts)
        await queue(turn.session, to, said, turn.now)


async def _clear_away(turn: Turn, to: Recipient, delegation: Delegation) -> None:
    """Buttons and questions that the colleague may not use any more, unless he reports for the unit anyway."""
    actor = await actor_of(turn.session, turn.bureau.id, to.person_id or 0)
    for sheet in await _sheets(turn, delegation):
        if actor is not None and actor.may_report(sheet):
            continue
        card = await turn.session.get(Card, (turn.bureau.id, to.chat_id, card_key(sheet.key)))
        if card is not None and card.message_id is not None:
            await queue(turn.session, to, Strip(message_id=card.message_id), turn.now)
            card.message_id = None
        chat = await turn.session.get(Chat, (turn.bureau.id, to.chat_id))
        if chat is not None and (chat.focus_round_id, chat.focus_unit_id) == tuple(sheet.key):
            chat.focus_round_id = chat.focus_unit_id = chat.focus_key = chat.read_back = None


async def _sheets(turn: Turn, delegation: Delegation) -> list[Sheet]:
    """The open reports that the delegation is about."""
    handed = Handed(delegation.id, delegation.task_id, delegation.round_id, delegation.lasting, delegation.may_submit)
    found = await open_sheets(turn.session, turn.bureau.id, [delegation.unit_id], turn.now)
    return [sheet for sheet in found if handed.covers(sheet)]


async def _title(turn: Turn, delegation: Delegation) -> str:
    """清河镇九年一贯制学校 9月应急疏散演练, of the round it was given in."""
    key = ReportKey(delegation.round_id, delegation.unit_id)
    sheet = await sheet_of(turn.session, turn.bureau.id, key)
    return f"{sheet.unit.name} {sheet.title}" if sheet else ""


# ---- the colleague


async def accept(turn: Turn, invitation_id: int, name: str) -> ReportKey | None:
    """是我: the task is this person's. A stranger becomes a person with the name he bears in the chat (`name`).

    None: the code is void, or it is the principal's own; he has been told.
    """
    invitation = await invitations.presented(turn, invitation_id)
    delegation = await _open_delegation(turn, invitation.delegation_id if invitation else None)
    if invitation is None or delegation is None:
        await _tell(turn, Phrase.BAD_CODE)
        return None
    if turn.actor is not None and delegation.unit_id in turn.actor.headed_units:
        await _tell(turn, Phrase.OWN_CODE)
        return None
    await invitations.use(turn, invitation)
    person_id = turn.actor.person_id if turn.actor else await _newcomer(turn, name)
    membership = Membership(
        bureau_id=turn.bureau.id, id=new_id(), person_id=person_id, unit_id=delegation.unit_id,
        role=Role.DEPUTY.value, given_by=delegation.given_by,
    )  # fmt: skip
    turn.session.add(membership)
    await turn.session.flush()
    delegation.membership_id = membership.id
    await turn.session.flush()
    await binding.refresh(turn, person_id)
    await _announce(turn, delegation)
    sheets = await _sheets(turn, delegation)
    return sheets[0].key if sheets else ReportKey(delegation.round_id, delegation.unit_id)


async def refuse(turn: Turn, invitation_id: int) -> bool:
    """不是我: the code is void; the principal is told so that he may make another."""
    invitation = await invitations.presented(turn, invitation_id)
    delegation = await _open_delegation(turn, invitation.delegation_id if invitation else None)
    if delegation is None or not await invitations.refuse(turn, invitation_id):
        return False
    delegation.ended_at = turn.now
    facts = office_facts(turn.bureau) | {"task": await _title(turn, delegation)}
    for to in await chats_of(turn.session, turn.bureau.id, delegation.given_by):
        await queue(turn.session, to, Say(phrase=Phrase.HANDOVER_REFUSED, facts=facts), turn.now)
    return True


async def _open_delegation(turn: Turn, delegation_id: int | None) -> Delegation | None:
    if delegation_id is None:
        return None
    delegation = await turn.session.get(Delegation, (turn.bureau.id, delegation_id), with_for_update=True)
    usable = delegation is not None and delegation.ended_at is None and delegation.membership_id is None
    return delegation if usable else None


async def _newcomer(turn: Turn, name: str) -> int:
    """A stranger to the roster, or somebody it knew once whose account still stands."""
    account = await turn.session.get(Account, (turn.bureau.id, CHANNEL, turn.to.chat_id))
    if account is not None and account.closed_at is None:
        return account.person_id
    called = " ".join(name.split())[:LONGEST_NAME] or "同事"
    person = Person(
        bureau_id=turn.bureau.id, id=new_id(), name=called, salutation=f"{called}老师", is_delegate=True
    )  # fmt: skip
    turn.session.add(person)
    await turn.session.flush()
    await binding.bind(turn, person.id)
    return person.id


async def _announce(turn: Turn, delegation: Delegation) -> None:
    """To the colleague what he has taken over, to the principal who has."""
    task = await _title(turn, delegation)
    heads = "、".join(await heads_of(turn.session, turn.bureau.id, delegation.unit_id))
    shown_to = "" if delegation.may_submit else heads
    await _tell(turn, Phrase.HANDOVER_WELCOME, task=task, head=heads, shown_to=shown_to)
    facts = office_facts(turn.bureau) | {"task": task, "name": turn.person.address}
    for to in await _heads(turn, delegation.unit_id):
        await queue(turn.session, to, Say(phrase=Phrase.HANDOVER_TAKEN, facts=facts), turn.now)


async def _heads(turn: Turn, unit_id: int) -> list[Recipient]:
    """The chats of the unit's principals."""
    return (await recipients_of_units(turn.session, turn.bureau.id, [unit_id], [Role.PRINCIPAL])).get(unit_id, [])


async def pass_up(turn: Turn, key: ReportKey) -> Outcome:
    """送校长看: the principal gets the read-back of what the colleague filled; he submits it or changes it."""
    sheet, allowed = await sheet_for(turn, key, sent=True)
    if sheet is None or allowed is not Outcome.DONE:
        return allowed
    delegation = await _delegation_for(turn, sheet)
    if delegation is None:
        return Outcome.NOT_YOURS
    if (delegation.passed_round_id, delegation.passed_revision) == (sheet.round.id, sheet.revision):
        return Outcome.PASSED_UP
    heads = await _heads(turn, sheet.unit.id)
    names = "、".join(await heads_of(turn.session, turn.bureau.id, sheet.unit.id)) or "校长"
    if not heads:
        await _tell(turn, Phrase.NOBODY_TO_CONFIRM, head=names)
        return Outcome.DONE
    delegation.passed_round_id, delegation.passed_revision = sheet.round.id, sheet.revision
    for to in heads:
        await _read_back(turn, to, sheet)
    await _tell(turn, Phrase.PASSED_UP, head=names)
    return Outcome.DONE


async def _read_back(turn: Turn, to: Recipient, sheet: Sheet) -> None:
    """The card below; where the principal is busy with nothing else, a typed 对 confirms it."""
    chat = await chat_row(turn.session, turn.bureau.id, to.chat_id)
    if chat.focus_round_id is None or (chat.focus_round_id, chat.focus_unit_id) == tuple(sheet.key):
        chat.focus_round_id, chat.focus_unit_id = sheet.key
        chat.focus_key, chat.read_back, chat.focus_at = None, sheet.revision, turn.now
    await show_card(turn.session, to, ReportCard(report=sheet.key), turn.now, below=True)


async def _delegation_for(turn: Turn, sheet: Sheet) -> Delegation | None:
    mine = (h.handed for h in turn.person.holdings if h.unit_id == sheet.unit.id and h.handed is not None)
    handed = next((handed for handed in mine if handed.covers(sheet)), None)
    return await turn.session.get(Delegation, (turn.bureau.id, handed.delegation_id)) if handed else None


async def _tell(turn: Turn, phrase: Phrase, **facts: str) -> None:
    address = {"address": turn.actor.address} if turn.actor else {}
    known = office_facts(turn.bureau) | address | facts
    await queue(turn.session, turn.to, Say(phrase=phrase, facts=known), turn.now)
