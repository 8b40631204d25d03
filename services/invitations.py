"""Invitations: one-time codes, as a deep link and as eight digits, that are kept as hashes only (decision 0014)."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, select, update
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from db.ids import new_id
from db.tables import Account, Bureau, Delegation, Invitation
from domain import defaults
from domain.messages import ConfirmBinding, ConfirmHandover, Say
from domain.phrases import Phrase
from services import guessing
from services.outbox import queue
from services.people import CHANNEL, actor_of, office_facts, the_bureau_by_id
from services.turn import Turn

CONTACT_VALID = timedelta(hours=1)
"""How long 是我 may be tapped after a phone number was shared."""

_SCRYPT_N, _SCRYPT_R = 2**14, 8
"""16 MB and some 40 ms a guess, so that the digits cannot be read off their hashes while a code is good."""

_EIGHT = re.compile(r"(?<!\d)(\d{4})[\s-]?(\d{4})(?!\d)")
_LONGEST_ASIDE = 24
"""How much a stranger may write around the eight digits (邀请码:4827 1936)."""


class Code(NamedTuple):
    """`link` goes behind `?start=`, `digits` are eight without a blank. Neither is kept anywhere."""

    link: str
    digits: str


def grouped(digits: str) -> str:
    """4827 1936"""
    return f"{digits[:4]} {digits[4:]}"


def digits_in(words: str, *, alone: bool) -> str | None:
    """The eight digits somebody typed. `alone`: nothing else stands there and it is no date, as it may be an answer."""
    plain = unicodedata.normalize("NFKC", words).strip()
    found = _EIGHT.fullmatch(plain) if alone else _EIGHT.search(plain)
    if found is None or len(plain) > len(found[0]) + _LONGEST_ASIDE:
        return None
    digits = found[1] + found[2]
    return None if alone and _like_a_date(digits) else digits


def _like_a_date(digits: str) -> bool:
    return digits.startswith(("19", "20"))


# ---- making codes


async def prepare(
    session: AsyncSession,
    bureau_id: int,
    now: datetime,
    *,
    person_id: int | None = None,
    delegation_id: int | None = None,
    by: int | None = None,
) -> Invitation:
    """An invitation whose code is made when it is shown (`reveal`); earlier unused ones for the same end."""
    same = col(Invitation.person_id) == person_id if person_id else col(Invitation.delegation_id) == delegation_id
    await _void(session, bureau_id, same, now)
    invitation = Invitation(
        bureau_id=bureau_id, id=new_id(), person_id=person_id, delegation_id=delegation_id, issued_at=now,
        expires_at=now + defaults.CODE_VALID, issued_by=by,
    )  # fmt: skip
    session.add(invitation)
    await session.flush()
    return invitation


async def _void(session: AsyncSession, bureau_id: int, which: object, now: datetime) -> None:
    mine = and_(col(Invitation.bureau_id) == bureau_id, which, col(Invitation.used_at).is_(None))  # type: ignore[arg-type]
    live = (await session.execute(select(Invitation).where(mine))).scalars().all()
    for invitation in live:
        end(invitation, now)
    await session.flush()


def end(invitation: Invitation, now: datetime) -> None:
    """Void from now on; the digits may serve somebody else one day."""
    invitation.expires_at = min(invitation.expires_at, now)
    invitation.digits_hash = None


async def void_delegation(session: AsyncSession, bureau_id: int, delegation_id: int, now: datetime) -> None:
    await _void(session, bureau_id, col(Invitation.delegation_id) == delegation_id, now)


async def reveal(session: AsyncSession, invitation: Invitation) -> Code:
    """A fresh code for this invitation, shown once: an earlier one of it ends."""
    [code] = await _reveal_all(session, [invitation])
    return code


async def _reveal_all(
    session: AsyncSession, invitations: list[Invitation], tick: Callable[[], None] | None = None
) -> list[Code]:
    if not invitations:
        return []
    bureau_id = invitations[0].bureau_id
    salt = await _salt(session, bureau_id)
    await _forget_expired(session, bureau_id, invitations[0].issued_at)
    taken = set(await _taken(session, bureau_id))
    drawn: dict[str, str] = {}

    async def draw() -> None:
        digits = _digits()
        hashed = await asyncio.to_thread(_slowly, digits, salt)
        if hashed in taken:
            return await draw()
        taken.add(hashed)
        drawn[digits] = hashed
        if tick:
            tick()

    await asyncio.gather(*(draw() for _ in invitations))
    codes = []
    for invitation, (digits, hashed) in zip(invitations, drawn.items(), strict=True):
        code = Code(secrets.token_urlsafe(16), digits)
        invitation.code_hash, invitation.digits_hash = _hashed(code.link), hashed
        codes.append(code)
    await session.flush()
    return codes


async def _forget_expired(session: AsyncSession, bureau_id: int, now: datetime) -> None:
    over = and_(col(Invitation.bureau_id) == bureau_id, col(Invitation.expires_at) <= now)
    await session.execute(update(Invitation).where(over).values(digits_hash=None))


async def _taken(session: AsyncSession, bureau_id: int) -> Iterable[str]:
    statement = select(col(Invitation.digits_hash)).where(
        col(Invitation.bureau_id) == bureau_id, col(Invitation.digits_hash).is_not(None)
    )
    return [hashed for hashed in (await session.execute(statement)).scalars().all() if hashed]


def _digits() -> str:
    """Never what an answer might be: a date."""
    while True:
        digits = f"{secrets.randbelow(10**8):08d}"
        if not _like_a_date(digits):
            return digits


def _hashed(link: str) -> str:
    """128 random bits need no slow hash."""
    return hashlib.sha256(link.encode()).hexdigest()


def _slowly(digits: str, salt: str) -> str:
    return hashlib.scrypt(digits.encode(), salt=bytes.fromhex(salt), n=_SCRYPT_N, r=_SCRYPT_R, p=1, dklen=32).hex()


async def _salt(session: AsyncSession, bureau_id: int) -> str:
    bureau = await the_bureau_by_id(session, bureau_id)
    if not bureau.code_salt:
        await session.refresh(bureau, with_for_update=True)
        await _make_salt(session, bureau)
    return bureau.code_salt


async def _make_salt(session: AsyncSession, bureau: Bureau) -> None:
    if not bureau.code_salt:
        bureau.code_salt = secrets.token_hex(16)
        await session.flush()


async def invite(
    session: AsyncSession, bureau_id: int, person_id: int, now: datetime, by: int | None = None
) -> Code:  # fmt: skip
    """A fresh one-time code for this person, valid 14 days; earlier unused codes of the person end."""
    return await reveal(session, await prepare(session, bureau_id, now, person_id=person_id, by=by))


async def invite_all(
    session: AsyncSession, bureau_id: int, person_ids: Iterable[int], now: datetime, tick: Callable[[], None]
) -> dict[int, Code]:
    """As `invite`, for many; `tick` is called once a person."""
    wanted = list(dict.fromkeys(person_ids))
    for start in range(0, len(wanted), 500):
        await _void(session, bureau_id, col(Invitation.person_id).in_(wanted[start : start + 500]), now)
    made = [
        Invitation(bureau_id=bureau_id, id=new_id(), person_id=one, issued_at=now, expires_at=now + defaults.CODE_VALID)
        for one in wanted
    ]
    session.add_all(made)
    await session.flush()
    return dict(zip(wanted, await _reveal_all(session, made, tick), strict=True))


async def cut_off(session: AsyncSession, bureau_id: int, person_id: int, now: datetime, but: int | None = None) -> int:
    """Close the person's accounts at once, all but that of chat `but`; returns how many were open."""
    mine = and_(
        col(Account.bureau_id) == bureau_id,
        col(Account.person_id) == person_id,
        col(Account.closed_at).is_(None),
        col(Account.external_id) != (but or 0),
    )
    statement = update(Account).where(mine).values(closed_at=now).returning(col(Account.external_id))
    return len((await session.execute(statement)).all())


# ---- showing and confirming them


async def present_link(turn: Turn, link: str) -> None:
    """Somebody opened a deep link, or sent what stands behind it."""
    digits = digits_in(link, alone=False)
    if digits is not None:
        await present_digits(turn, digits)
    elif not await ask(turn, await of_link(turn, link)):
        await queue(turn.session, turn.to, _say(turn, Phrase.BAD_CODE), turn.now)


async def present_digits(turn: Turn, digits: str) -> None:
    """Somebody typed eight digits: strangers always hear whether they fit."""
    if await guessing.is_paused(turn):
        await queue(turn.session, turn.to, _say(turn, Phrase.CODES_PAUSED), turn.now)
    elif not await ask(turn, await of_digits(turn, digits)):
        await guessing.note_wrong(turn)
        await queue(turn.session, turn.to, _say(turn, Phrase.BAD_CODE), turn.now)


async def try_digits(turn: Turn, digits: str) -> bool:
    """Eight digits from somebody we know may be a colleague's code, or an answer (False)."""
    if await guessing.is_paused(turn):
        return False
    if await ask(turn, await of_digits(turn, digits)):
        return True
    await guessing.note_wrong(turn)
    return False


async def of_link(turn: Turn, link: str) -> Invitation | None:
    """The good invitation behind this deep link."""
    return await _live(turn, col(Invitation.code_hash) == _hashed(link))


async def of_digits(turn: Turn, digits: str) -> Invitation | None:
    hashed = await asyncio.to_thread(_slowly, digits, await _salt(turn.session, turn.bureau.id))
    return await _live(turn, col(Invitation.digits_hash) == hashed)


async def _live(turn: Turn, which: object) -> Invitation | None:
    good = and_(
        col(Invitation.bureau_id) == turn.bureau.id,
        which,  # type: ignore[arg-type]
        col(Invitation.used_at).is_(None),
        col(Invitation.expires_at) > turn.now,
    )
    found: Invitation | None = (await turn.session.execute(select(Invitation).where(good))).scalars().first()
    return found


async def ask(turn: Turn, invitation: Invitation | None) -> bool:
    """Show whom the code is for and ask 是我 / 不是我; False when it is for nobody."""
    question = await _question(turn, invitation) if invitation else None
    if invitation is None or question is None:
        return False
    invitation.presented_by = turn.to.chat_id
    await queue(turn.session, turn.to, question, turn.now)
    return True


async def _question(turn: Turn, invitation: Invitation) -> ConfirmBinding | ConfirmHandover | None:
    if invitation.delegation_id is not None:
        delegation = await turn.session.get(Delegation, (turn.bureau.id, invitation.delegation_id))
        ended = delegation is None or delegation.ended_at is not None
        return None if ended else ConfirmHandover(invitation_id=invitation.id)
    actor = await actor_of(turn.session, turn.bureau.id, invitation.person_id or 0)
    if actor is None:
        return None
    roles = tuple(f"{holding.unit_name}|{holding.role.value}" for holding in actor.holdings if not holding.handed)
    return ConfirmBinding(invitation_id=invitation.id, roles=roles, name=actor.name)


async def presented(turn: Turn, invitation_id: int) -> Invitation | None:
    """The invitation, if this very chat showed its code and it is still good."""
    invitation = await turn.session.get(Invitation, (turn.bureau.id, invitation_id), with_for_update=True)
    if invitation is None or invitation.presented_by != turn.to.chat_id:
        return None
    return invitation if invitation.used_at is None and invitation.expires_at > turn.now else None


async def use(turn: Turn, invitation: Invitation) -> None:
    """Whoever is bound needs no other code that may still be about."""
    invitation.used_at, invitation.used_by = turn.now, turn.to.chat_id
    invitation.digits_hash = None
    await turn.session.flush()
    if invitation.person_id is not None:
        await _void(turn.session, turn.bureau.id, col(Invitation.person_id) == invitation.person_id, turn.now)


async def refuse(turn: Turn, invitation_id: int) -> bool:
    """不是我: the code is void from now on, because it reached the wrong person."""
    invitation = await presented(turn, invitation_id)
    if invitation is None:
        return False
    end(invitation, turn.now)
    return True


async def is_used_here(turn: Turn, invitation_id: int) -> bool:
    """Was this invitation confirmed in this very chat (是我 tapped twice)?"""
    invitation = await turn.session.get(Invitation, (turn.bureau.id, invitation_id))
    return invitation is not None and turn.actor is not None and invitation.used_by == turn.to.chat_id


def _say(turn: Turn, phrase: Phrase) -> Say:
    return Say(phrase=phrase, facts=office_facts(turn.bureau))


async def is_bound(session: AsyncSession, bureau_id: int, person_id: int) -> bool:
    open_ = and_(
        col(Account.bureau_id) == bureau_id,
        col(Account.person_id) == person_id,
        col(Account.channel) == CHANNEL,
        col(Account.closed_at).is_(None),
    )
    return (await session.execute(select(col(Account.external_id)).where(open_))).first() is not None
