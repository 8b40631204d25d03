"""The card of one report: the draft being filled, the read-back, the submitted report; and the receipt."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from bot.buttons import Verb, encode
from bot.views import corrections, pad
from bot.views.doubts import doubt_lines, either_buttons
from bot.views.hints import hint_lines
from bot.views.parts import (
    IN_BACKLOG,
    before,
    extend_buttons,
    handing_buttons,
    how,
    in_rows,
    lines_of,
    message,
    office_call,
    said,
    send_button,
    unit_and_title,
)
from bot.views.photos import photo_button
from domain import defaults, wording
from domain.groups import is_more
from domain.indicators import Indicator, Kind
from domain.messages import Receipt
from domain.progress import Timeliness
from domain.requests import RequestKind
from services.content import CardContent, Scene
from services.corrections import REASON
from services.rendering import Button, Rendered
from services.reporting import is_nil
from services.sheets import Sheet
from services.shortcuts import may_be_nil


def card(content: CardContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    if sheet.is_correcting and content.asked == REASON:
        return corrections.reason(content, scene)
    if content.choosing:
        return _choosing(sheet, scene)
    at_hand = sheet.indicator(content.asked) is not None
    if not sheet.is_open and not sheet.is_correcting and not at_hand:
        return corrections.submitted(sheet, scene)
    if _is_filed(sheet) and not at_hand and not content.unread:
        return _filed(sheet, scene)
    if sheet.is_complete and not at_hand:
        return corrections.read_back(content, scene) if sheet.is_sent else _read_back(content, scene)
    return _draft(content, scene)


def _is_filed(sheet: Sheet) -> bool:
    """What stands is what the office has before it."""
    request = sheet.standing.asked.get(RequestKind.LATE)
    return request is not None and request.entries == dict(sheet.entries)


def _filed(sheet: Sheet, scene: Scene) -> Rendered:
    """It came after the lock and waits for the office."""
    locked = wording.moment(sheet.lock_at, scene.hours.zone)
    return message(
        [
            f"【补报,待接收】{unit_and_title(sheet)}",
            f"报告期已于{locked}关闭;您报的已转办公室,填的都还在,不用重报。",
            f"急用请打{office_call(scene)}。",
        ]
    )


def _answered(sheet: Sheet) -> list[tuple[Indicator, str]]:
    values = sheet.values
    return [(i, said(i, values[i.key])) for i in sheet.applicable if i.key in values]


def body(sheet: Sheet) -> list[str]:
    """The answers in lines of three; of a repeating group one line for each row."""
    answered = [(indicator, phrase) for indicator, phrase in _answered(sheet) if not is_more(indicator)]
    lines: list[str] = []
    for row, members in groupby(answered, key=lambda pair: pair[0].row):
        phrases = [_with_words(sheet, indicator, phrase) for indicator, phrase in members]
        lines += [f"第{row}次:{','.join(phrases)}"] if row else lines_of(phrases)
    return lines


def _with_words(sheet: Sheet, indicator: Indicator, phrase: str) -> str:
    """The reply's own words behind what was converted, approximated or inferred; 约 before an approximation."""
    entry = sheet.entries.get(indicator.key, {})
    if not entry:
        return f"{phrase}(本期已报过)"
    shown = f"约{phrase}" if entry.get("approximate") else phrase
    return f"{shown}(您说“{entry['words']}”)" if entry.get("changed") and entry.get("words") else shown


def _read_back(content: CardContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    first, *rest = body(sheet)
    nil = "零报告:" if is_nil(sheet) else ""
    lines = [corrections.head(sheet, scene, "请核对"), nil + first, *rest]
    lines += hint_lines(sheet, scene)
    lines += doubt_lines(content, scene)
    send = send_button(sheet, content.part)
    lines += [f"{filler.name}代填,请您过目。"] if (filler := content.part.handed.get(sheet.key)) and filler.name else []
    lines += _optional(sheet)
    lines += [corrections.closed_line(sheet, scene)] if sheet.is_locked(scene.now) else []
    lines.append(f"对,请点“{send.label}”或回“对”;不对,直接说正确的。")
    last = [send, Button("修改", encode(Verb.CHANGES, sheet.key)), *photo_button(sheet)]
    return message(lines, either_buttons(content), last)


def _draft(content: CardContent, scene: Scene) -> Rendered:
    sheet = content.sheet
    lines = [corrections.head(sheet, scene, "草稿")]
    lines += [f"{sheet.report.state_reason}。只差要重答的。"] if sheet.report.state_reason else []
    lines += [f"✓ {line}" for line in body(sheet)]
    lines += _wanting(sheet)
    lines += _last_time(sheet, scene)
    lines += doubt_lines(content, scene)
    asked = sheet.indicator(content.asked) or next(iter(sheet.missing), None)
    lines += _asking(sheet, asked) if asked and not _is_asked_by_doubt(content, asked) else []
    if asked and pad.is_shown(content, asked):
        later = Button("稍后填", encode(Verb.LATER, sheet.key))
        return message([*lines, *pad.lines(content, asked)], *pad.keys(sheet, asked), [later])
    lines.append(_saved(sheet, scene))
    return message(
        lines,
        *(pad.instead_of_words(sheet, asked, scene) if asked and content.failures >= defaults.REASKS else []),
        either_buttons(content),
        *_answer_buttons(sheet, asked),
        _shortcuts(sheet, scene),
        _draft_buttons(sheet),
        _asking_buttons(sheet, asked, scene),
        *handing_buttons([sheet], content.part),
    )


def _saved(sheet: Sheet, scene: Scene) -> str:
    if sheet.is_locked(scene.now):
        return corrections.closed_line(sheet, scene)
    saved = "填的都已保存,{}前接着填即可。" if sheet.values else "{}前报都行,填一项存一项。"
    return saved.format(_until(sheet, scene))


def _asking_buttons(sheet: Sheet, asked: Indicator | None, scene: Scene) -> list[Button]:
    """Whom the question puzzles, and whom the time does not suffice."""
    puzzled = [Button("这个怎么填", encode(Verb.HOW, sheet.key, sheet.indicators.index(asked)))] if asked else []
    return [*puzzled, *extend_buttons([sheet], scene)]


def _optional(sheet: Sheet) -> list[str]:
    """What may be added and need not be."""
    values = sheet.values
    wanting = [one for one in sheet.applicable if not one.required and one.key not in values]
    names = "、".join(f"{one.name}(直接发图)" if one.kind is Kind.PHOTO else one.name for one in wanting)
    return [f"选填:{names},不填也可以。"] if names else []


def _last_time(sheet: Sheet, scene: Scene) -> list[str]:
    carried = sheet.carried(scene.today)
    known = [i for i in sheet.indicators if i.key in carried]
    phrases = [said(i, carried[i.key]) for i in known]
    return [f"{before(known)}:{','.join(phrases)}。没有变化就点“与上次相同”。"] if phrases else []


def _shortcuts(sheet: Sheet, scene: Scene) -> list[Button]:
    """One tap for many answers; offered only where it is the truth for most."""
    buttons = []
    if sheet.carried(scene.today):
        buttons.append(Button("与上次相同", encode(Verb.SAME, sheet.key, sheet.revision)))
    if may_be_nil(sheet):
        buttons.append(Button("零报告(都是0)", encode(Verb.NIL, sheet.key, sheet.revision)))
    return buttons


def _until(sheet: Sheet, scene: Scene) -> str:
    closes = sheet.due_at if scene.now <= sheet.due_at and sheet.is_open else sheet.lock_at
    return wording.moment(closes, scene.hours.zone)


def _wanting(sheet: Sheet) -> list[str]:
    names = [indicator.name for indicator in sheet.missing]
    if not names or not sheet.values:
        return []
    return [f"还差{len(names)}项:{'、'.join(names)}"]


def _is_asked_by_doubt(content: CardContent, asked: Indicator) -> bool:
    """A doubt says what to reply already; a choice is still to be listed, and who gives up is to see the question."""
    listed = asked.kind in (Kind.CHOICE, Kind.CHOICES)
    given_up = content.failures >= defaults.REASKS
    return not listed and not given_up and any(unread.key == asked.key for unread in content.unread)


def _asking(sheet: Sheet, asked: Indicator) -> list[str]:
    """The question at hand, with how it may be answered."""
    current = sheet.values.get(asked.key)
    now = f"(现为{wording.value(asked, current, (asked.yes, asked.no))})" if current is not None else ""
    lines = [f"请答:{asked.label}{now}{how(asked)}"]
    if asked.kind in (Kind.CHOICE, Kind.CHOICES):
        lines.append(" ".join(f"{number}{choice}" for number, choice in enumerate(asked.choices, 1)))
    return lines


def _answer_buttons(sheet: Sheet, asked: Indicator | None) -> list[Sequence[Button]]:
    if asked is None:
        return []
    position = sheet.indicators.index(asked)
    if asked.kind is Kind.BOOL:
        options = [(asked.yes, 1), (asked.no, 0)]
    elif asked.kind is Kind.CHOICE:
        options = [(choice, option) for option, choice in enumerate(asked.choices)]
    elif asked.kind is Kind.CHOICES:
        return _ticks(sheet, asked, position)
    elif asked.kind is Kind.PHOTO and sheet.values.get(asked.key):
        options = [("去掉照片", 0)]
    else:
        return []
    data = [encode(Verb.CHOOSE, sheet.key, sheet.revision, position, option) for _, option in options]
    return in_rows([Button(label, code) for (label, _), code in zip(options, data, strict=True)], 3)


def _ticks(sheet: Sheet, asked: Indicator, position: int) -> list[Sequence[Button]]:
    """Several choices: each tap ticks or unticks one, then 选好了."""
    chosen = sheet.values.get(asked.key)
    ticked = chosen if isinstance(chosen, tuple) else ()
    buttons = [
        Button(
            f"{'✓ ' if choice in ticked else ''}{choice}", encode(Verb.CHOOSE, sheet.key, sheet.revision, position, n)
        )
        for n, choice in enumerate(asked.choices)
    ]
    done = [Button("选好了", encode(Verb.NEXT, sheet.key))] if ticked else []
    return [*in_rows(buttons, 3), done]


def _draft_buttons(sheet: Sheet) -> list[Button]:
    later = Button("稍后填", encode(Verb.LATER, sheet.key))
    if sheet.is_sent:
        return [corrections.keep_button(sheet)]
    if sheet.is_complete:  # asked once more about one of the answers: who keeps it needs no second card to send it
        return [Button("不改了", encode(Verb.OPEN, sheet.key)), later]
    return [Button("修改", encode(Verb.CHANGES, sheet.key)), later] if sheet.values else [later]


def _choosing(sheet: Sheet, scene: Scene) -> Rendered:
    answered = _answered(sheet)
    buttons = [
        Button(phrase[:30], encode(Verb.ASK, sheet.key, sheet.indicators.index(indicator)))
        for indicator, phrase in answered
    ]
    lines = [corrections.head(sheet, scene, "修改"), "请点要改的一项,或直接说正确的。"]
    keep = corrections.keep_button(sheet) if sheet.is_sent else Button("不改了", encode(Verb.OPEN, sheet.key))
    return message(lines, *in_rows(buttons, 2), [keep])


def receipt(content: Receipt, scene: Scene) -> Rendered:
    """C5; of a correction what moved. The last one of the month says that all is done, once."""
    zone = scene.hours.zone
    word = "按时" if content.timeliness is Timeliness.ON_TIME else content.timeliness.chinese
    word += IN_BACKLOG if content.in_backlog else ""
    received = f"{wording.moment(content.received_at, zone)},{word}"
    lines = [
        f"✓ 已{'收到' if content.first else '更正'}:{content.unit} {content.title}",
        *lines_of(content.changes),
        f"{received}。回执号 {content.number}"
        if content.first
        else f"原报送时间{received},不变。回执号 {content.number}",
    ]
    if content.code:
        again = f"(第{content.version}次)" if content.version > 1 else ""
        lines += [f"内容{again}:{content.content}", f"校验码 {content.code}"]
    if scene.now < content.lock_at:
        lines.append(f"数有变动,{wording.moment(content.lock_at, zone)}前直接回正确的数即可。")
    if content.owed:
        lines.append(f"还有{len(content.owed)}项待报:{'、'.join(content.owed)}。")
    elif content.total and content.first:
        count = f"{content.total}项" if content.total > 1 else ""
        lines.append(f"{content.title.split('月')[0]}月{count}已报齐,谢谢{content.salutation},不再提醒。")
    go_on = [Button("接着填", encode(Verb.OPEN, content.next_report))] if content.next_report else []
    correct = [Button("修改", encode(Verb.CORRECT, content.report))] if scene.now < content.lock_at else []
    return message(lines, [*go_on, *correct])
