"""Who may, and what next: each handler resolves the actor and calls one service."""

from __future__ import annotations

import re
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from telegram import Chat, ChatMember, Update
from telegram.ext import (
    Application,
    CallbackQueryHandler,
    ChatMemberHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from bot import afterwards, chasing, course, groups, issues, personnel, talking
from bot.buttons import Press, Verb, decode
from bot.turns import handling, turn
from bot.words import (
    CHANGE_WORDS,
    COMMAND_WORDS,
    FROM_GROUP,
    LATER_WORDS,
    RELEASE_WORDS,
    REVIEW_WORDS,
    TAKE_BACK_WORDS,
    people_query,
)
from domain.messages import ReportKey
from domain.phrases import Phrase
from services import (
    absences,
    back,
    chase_lists,
    contacts,
    conversation,
    digests,
    edits,
    emergencies,
    handover,
    hold,
    invitations,
    issuing,
    pictures,
    reach,
    receipts,
    requests,
    school_year,
    shortcuts,
    showing,
)
from services import course as changing
from services import progress as standing
from services.asking import say
from services.history import show_history
from services.reporting import Outcome
from services.turn import Turn

Callback = Callable[[Update, ContextTypes.DEFAULT_TYPE], Coroutine[Any, Any, None]]

TOASTS = {
    Outcome.DONE: "",
    Outcome.OUT_OF_DATE: "这张卡片已更新,请看最新的。",
    Outcome.ALREADY_SUBMITTED: "这一项已报送,不用重报。",
    Outcome.INCOMPLETE: "还没填完,请把缺的补上再提交。",
    Outcome.LOCKED: "报告期已关闭,您报的已转办公室。",
    Outcome.WITHDRAWN: "这一项已撤回,不用报了,填的都留着。",
    Outcome.NOT_YOURS: "这一项不由您负责,没有改动。",
    Outcome.TO_CONFIRM: "这一项要先送校长看。",
    Outcome.PASSED_UP: "已送校长看,等他提交。",
    **afterwards.TOASTS,
}


def register(application: Application) -> None:  # type: ignore[type-arg]
    private = filters.ChatType.PRIVATE & filters.UpdateType.MESSAGE
    application.add_handler(MessageHandler(private & filters.Regex(r"^\s*(?:【重发】)?\s*✓ 已(?:收到|更正):"), receipt))
    for command, callback in COMMANDS.items():
        application.add_handler(CommandHandler(command, callback, filters=private))
        application.add_handler(MessageHandler(private & _said(COMMAND_WORDS[command]), callback))
    application.add_handler(MessageHandler(private & _said(CHANGE_WORDS), change))
    application.add_handler(MessageHandler(private & _said(LATER_WORDS), later))
    application.add_handler(MessageHandler(private & _said(REVIEW_WORDS), review_words))
    application.add_handler(MessageHandler(private & _said(TAKE_BACK_WORDS), take_back))
    application.add_handler(MessageHandler(private & _said(RELEASE_WORDS), release))
    application.add_handler(MessageHandler(private & filters.Regex(r"^\s*人员[\s:：]"), find_people))
    application.add_handler(MessageHandler(private & filters.Regex(r"^\s*照片[\s:：]"), find_photos))
    application.add_handler(MessageHandler(private & filters.Regex(r"^\s*发我看看"), show_sample))
    application.add_handler(MessageHandler(private & filters.Regex(r"^\s*校历"), school_calendar))
    application.add_handler(MessageHandler(private & filters.COMMAND, unknown_command))
    application.add_handler(MessageHandler(private & filters.TEXT, words))
    application.add_handler(MessageHandler(private & (filters.VOICE | filters.AUDIO), voice))
    application.add_handler(MessageHandler(private & (filters.PHOTO | filters.Document.ALL), attached))
    application.add_handler(MessageHandler(private & filters.CONTACT, contact))
    application.add_handler(MessageHandler(private, not_text))
    application.add_handler(MessageHandler(filters.ChatType.PRIVATE & filters.UpdateType.EDITED_MESSAGE, edited))
    application.add_handler(CallbackQueryHandler(pressed))
    application.add_handler(ChatMemberHandler(blocked_or_back, ChatMemberHandler.MY_CHAT_MEMBER))
    groups.register(application)
    application.add_error_handler(note_problem)


def _said(words: Iterable[str]) -> filters.Regex:
    """One of these words as the whole message, however it is punctuated."""
    return filters.Regex(rf"^[\s“\"]*(?:{'|'.join(map(re.escape, words))})[\s”\"。.!!]*$")


async def note_problem(_update: object, context: ContextTypes.DEFAULT_TYPE) -> None:
    """Hand the exception to the worker, which rolls back and counts the attempt."""
    if isinstance(context.error, Exception):
        handling().problem = context.error


async def start(_update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    here = turn()
    if context.args and context.args != [FROM_GROUP]:
        await invitations.present_link(here, " ".join(context.args))
    elif await _known(here) and not await back.was_just_told(here):
        await personnel.welcome(here)


async def todo(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await conversation.todo(turn())


async def history(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await show_history(turn())


async def cancel(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await conversation.cancel(turn())


async def change(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await conversation.change(turn())


async def later(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await conversation.later(turn(), (update.message.text or "") if update.message else "")


async def take_back(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await handover.take_back_words(turn())


async def release(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """解除暂停, for the office alone; from anybody else the words are what they are."""
    match await hold.release_by(turn()):
        case Outcome.NOT_YOURS:
            await words(update, context)
        case Outcome.OUT_OF_DATE:
            await say(turn(), Phrase.RELEASED)


async def receipt(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """A receipt of ours, forwarded or copied: its signature says whether it is one."""
    if update.message is not None and await _known(turn()):
        await receipts.take(turn(), update.message.text or "")


async def find_people(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """人员, for the office alone; from anybody else the words are what they are."""
    message = update.message
    asked = people_query(message.text or "") if message else None
    if asked is None or not await personnel.find(turn(), asked):
        await words(update, context)


async def show_help(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    here = turn()
    if await _known(here):
        await say(here, Phrase.HELP if here.person.known_units else Phrase.HELP_BUREAU)


async def digest(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    here = turn()
    if not await _known(here):
        return
    if not here.person.is_bureau:
        await say(here, Phrase.NO_SUCH_COMMAND)
    elif not await digests.on_request(here):
        await say(here, Phrase.NO_DIGEST_YET)


async def people_command(_update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()) and not await personnel.find(turn(), " ".join(context.args or ())):
        await say(turn(), Phrase.NO_SUCH_COMMAND)


async def review(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()) and not await requests.review(turn()):
        await say(turn(), Phrase.NO_SUCH_COMMAND)


async def chase(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """催报, for the office and lead sections; from anybody else the words are what they are."""
    if await _known(turn()) and not await chase_lists.summarise(turn()):
        await conversation.todo(turn())


async def progress(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """进度, for the bureau; from anybody else the word is what it is."""
    if not await _known(turn()) or await standing.show(turn()):
        return
    await _not_for_you(update, context)


async def issue(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """预览, for the office and lead sections."""
    if await _known(turn()) and not await issuing.show_list(turn()):
        await _not_for_you(update, context)


async def _not_for_you(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    text = (update.message.text or "") if update.message else ""
    if text.startswith("/"):
        await say(turn(), Phrase.NO_SUCH_COMMAND)
    else:
        await words(update, context)


async def review_words(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """补报 and 延期 alone: for the office its queue, for a unit what it wants to do."""
    here = turn()
    if here.actor is None or here.person.known_units or not await requests.review(here):
        await words(update, context)


async def unknown_command(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await say(turn(), Phrase.NO_SUCH_COMMAND)


async def words(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    here, message = turn(), update.message
    said = (message.text or message.caption or "") if message else ""
    if message is None or await personnel.code_shown(here, said) or not await _known(here):
        return
    if await requests.answered(here, said) or await emergencies.raised(here, said):
        return
    if await changing.said(here, said) or await absences.said(here, said):
        return
    if not here.person.known_units:
        await say(here, Phrase.HELP_BUREAU)
        return
    reply_to = message.reply_to_message.message_id if message.reply_to_message else None
    await conversation.reply(here, said, reply_to)


async def voice(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await say(turn(), Phrase.VOICE)


async def attached(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """A photo or a document, alone or of an album; its caption is words."""
    here, message = turn(), update.message
    if message is None or not await _known(here):
        return
    sent = pictures.attachment_in(message.to_dict())
    if message.caption and await emergencies.raised(here, message.caption):
        return
    if sent is not None and here.person.known_units:
        await pictures.take(here, sent)
    if message.caption or not here.person.known_units:
        await words(update, _context)


async def find_photos(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """照片 and the name of a school, for the bureau; from anybody else the words are what they are."""
    text = (update.message.text or "") if update.message else ""
    here = turn()
    name = re.sub(r"^\s*照片[\s:：]*|\s+$", "", text)
    if here.actor is None or not await showing.photos_of(here, name):
        await words(update, context)


async def show_sample(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """发我看看 and the name of a school, while a round is previewed; from anybody else the words are what they are."""
    text = (update.message.text or "") if update.message else ""
    name = re.sub(r"^\s*发我看看[\s:：,，]*|\s+$", "", text)
    if turn().actor is None or not await issuing.sample_of(turn(), name):
        await words(update, context)


async def school_calendar(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """校历, for the bureau; the office sets days in it. From anybody else the words are what they are."""
    text = (update.message.text or "") if update.message else ""
    if turn().actor is None or not await school_year.told(turn(), text):
        await words(update, context)


async def contact(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    """A shared phone number binds a stranger where the bureau wants that; elsewhere it is like any other picture."""
    here, card = turn(), update.message.contact if update.message else None
    if card is None or here.actor is not None or not here.bureau.contact_sharing:
        await not_text(update, context)
    else:
        await contacts.present(here, contacts.Contact(card.phone_number, card.user_id))


async def not_text(_update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    if await _known(turn()):
        await say(turn(), Phrase.NOT_TEXT)


async def edited(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """An edited message corrects what it said; one that changes nothing is passed over."""
    here, message = turn(), update.edited_message
    words = (message.text or message.caption or "") if message else ""
    if here.actor is None or not here.person.known_units or not words:
        return
    if not await emergencies.raised(here, words):
        await edits.edited(here, words)


async def blocked_or_back(update: Update, context: ContextTypes.DEFAULT_TYPE) -> None:
    change = update.my_chat_member
    if change is None:
        return
    if change.chat.type != Chat.PRIVATE:
        await groups.membership(change, context.bot.username)
    elif change.new_chat_member.status in (ChatMember.BANNED, ChatMember.LEFT):
        await reach.gone(turn())
    else:
        await back.back(turn())


async def _known(here: Turn) -> bool:
    """A stranger gets one polite sentence and nothing else."""
    if here.actor is None:
        await say(here, Phrase.STRANGER, share="1" if here.bureau.contact_sharing else "")
    return here.actor is not None


COMMANDS: dict[str, Callback] = {
    "start": start,
    "todo": todo,
    "history": history,
    "cancel": cancel,
    "help": show_help,
    "digest": digest,
    "people": people_command,
    "review": review,
    "chase": chase,
    "progress": progress,
    "issue": issue,
}


# ---- buttons


async def pressed(update: Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    """Every id in a button is checked against the actor by the service; what cannot be read changes nothing."""
    here, query = turn(), update.callback_query
    if query is None:
        return
    here.callback_id = query.id
    if here.to.chat_id < 0:
        here.toast = "群里的按钮不办事,请到私聊里点。"
        return
    try:
        press = decode(query.data or "")
    except ValueError:
        here.toast = "这个按钮已失效,回“待办”看最新的。"
        return
    if press.verb in _BINDING:
        await _BINDING[press.verb](here, press, query.from_user.full_name)
    elif here.actor is None:
        await personnel.no_longer(here, press.report)
    elif press.verb in _PRESSED:
        outcome = await _PRESSED[press.verb](here, press)
        here.toast = here.toast or TOASTS[outcome]
        if outcome is Outcome.NOT_YOURS and press.report is not None:
            await personnel.no_longer(here, press.report)
    elif press.report is None:
        await _without_report(here, press)
    else:
        outcome = await _on_report(here, press, press.report)
        put_off = press.verb is Verb.LATER and outcome is Outcome.DONE
        here.toast = "好的,填的都已保存。" if put_off else TOASTS[outcome]
        if outcome is Outcome.NOT_YOURS:
            await personnel.no_longer(here, press.report)


_PRESSED = course.PRESSED | issues.PRESSED | personnel.PRESSED | afterwards.PRESSED | chasing.PRESSED | talking.PRESSED
_BINDING = {Verb.THIS_IS_ME: personnel.this_is_me, Verb.NOT_ME: personnel.not_me}


async def _without_report(here: Turn, press: Press) -> None:
    if press.verb is Verb.MISSING and len(press.numbers) == 1:
        if not await digests.missing_of(here, press.numbers[0]):
            here.toast = TOASTS[Outcome.NOT_YOURS]
    elif press.verb is Verb.SUBMIT_ALL and await shortcuts.submit_all(here):
        here.toast = ""
    else:
        here.toast = TOASTS[Outcome.OUT_OF_DATE]


async def _on_report(here: Turn, press: Press, report: ReportKey) -> Outcome:
    match press.verb, press.numbers:
        case Verb.OPEN, ():
            return await conversation.open_report(here, report)
        case Verb.CHOOSE, (revision, position, option):
            return await conversation.choose(here, report, revision, position, option)
        case Verb.CHANGES, ():
            return await conversation.list_changes(here, report)
        case Verb.ASK, (position, 1):
            return await conversation.ask_again(here, report, position, below=True)
        case Verb.ASK, (position,):
            return await conversation.ask_again(here, report, position)
        case Verb.SUBMIT, (revision,):
            return await conversation.confirm(here, report, revision)
        case Verb.FOR_REPORT, (update_id,):
            return await conversation.reply_for(here, update_id, report)
        case Verb.NEXT, ():
            return await conversation.open_report(here, report, below=False)
        case Verb.SAME, (revision,):
            return await shortcuts.same_as_before(here, report, revision)
        case Verb.NIL, (revision,):
            return await shortcuts.nil_report(here, report, revision)
        case Verb.LATER, ():
            return await conversation.put_off(here, report)
        case _:
            return Outcome.OUT_OF_DATE
