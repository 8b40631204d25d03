"""Invitations to print: A4, two columns of four cards, a new page for each township; nothing is loaded from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from zoneinfo import ZoneInfo

import segno
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from cli.invite import Invited, roles_of
from db.tables import Bureau
from domain import wording
from services.invitations import grouped

PER_PAGE = 8


@dataclass(frozen=True, slots=True)
class CardOnPaper:
    address: str
    who: str
    unit: str
    digits: str
    until: str
    qr: Markup


@dataclass(frozen=True, slots=True)
class Page:
    township: str
    number: int
    pages: int
    total: int
    cards: tuple[CardOnPaper, ...]


def render(bureau: Bureau, bot: str, made: Sequence[Invited]) -> str:
    """The whole page as HTML."""
    loader = FileSystemLoader(Path(__file__).parent / "templates")
    template = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    pages = list(_pages(bureau, bot, made))
    return template.get_template("invitations.html").render(bureau=bureau, bot=bot, pages=pages, office=_office(bureau))


def _office(bureau: Bureau) -> str:
    """云溪县教育局领导小组办公室, whether or not the office's name says whose it is."""
    name = bureau.office_name
    return name if name.startswith(bureau.name) else f"{bureau.name}{name}"


def _pages(bureau: Bureau, bot: str, made: Sequence[Invited]) -> Iterator[Page]:
    zone = ZoneInfo(bureau.timezone)
    for township, group in groupby(sorted(made, key=lambda one: one.who.township), lambda one: one.who.township):
        cards = [_card(one, bot, zone) for one in group]
        pages = -(-len(cards) // PER_PAGE)
        for number in range(pages):
            yield Page(
                township, number + 1, pages, len(cards), tuple(cards[number * PER_PAGE : (number + 1) * PER_PAGE])
            )


def _card(one: Invited, bot: str, zone: ZoneInfo) -> CardOnPaper:
    return CardOnPaper(
        one.who.address,
        f"{one.who.name} {roles_of(one.who)}",
        one.who.unit or "教育局",
        grouped(one.code.digits),
        wording.moment(one.until, zone),
        _qr(f"https://t.me/{bot}?start={one.code.link}"),
    )


def _qr(link: str) -> Markup:
    """Inline SVG, as large as the style sheet says; the paper around it is the rest of the quiet zone."""
    code = segno.make(link, error="m", micro=False)
    return Markup(code.svg_inline(scale=1, border=2, omitsize=True, svgclass="qr", lineclass=None))  # noqa: S704
