"""reply_markup: what the server accepts, and its words for the rest (Client.cpp, ReplyMarkup.cpp)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.errors import bad_request
from sandbox.params import Params

Rows = list[list[dict[str, Any]]]
_SPECIAL = ("callback_game", "pay", "switch_inline_query", "switch_inline_query_current_chat", "web_app", "copy_text")


@dataclass(frozen=True)
class Markup:
    """`inline` is None when no inline keyboard was given; `reply` is None unless a reply keyboard is to be shown."""

    inline: Rows | None = None
    reply: Rows | None = None
    removes: bool = False
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        return self.inline is None and self.reply is None and not self.removes


def read_markup(params: Params) -> Markup:
    if not params.has("reply_markup"):
        return Markup()
    try:
        value = params.value("reply_markup")
    except ValueError:
        raise bad_request("can't parse reply keyboard markup JSON object") from None
    if not isinstance(value, dict):
        raise bad_request("object expected as reply markup")
    return _markup(value)


def _markup(value: dict[str, Any]) -> Markup:
    reply = [_reply_row(row) for row in _list(value, "keyboard")]
    inline = [_inline_row(row) for row in _list(value, "inline_keyboard")]
    if any(reply):
        return Markup(reply=[row for row in reply if row], options={"one_time": bool(value.get("one_time_keyboard"))})
    if any(inline):
        return Markup(inline=[row for row in inline if row])
    return Markup(removes=bool(value.get("remove_keyboard")), options={"force": bool(value.get("force_reply"))})


def _list(value: dict[str, Any], name: str) -> list[Any]:
    rows = value.get(name) or []
    if not isinstance(rows, list):
        raise bad_request(f'can\'t parse reply markup: Field "{name}" must be of type Array')
    return rows


def _reply_row(row: Any) -> list[dict[str, Any]]:
    if not isinstance(row, list):
        raise bad_request('field "keyboard" must be an Array of Arrays')
    return [button for button in map(_reply_button, row) if button["text"]]


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        return {"text": button}
    if not isinstance(button, dict):
        raise bad_request("can't parse keyboard button: KeyboardButton must be a String or an Object")
    if "text" not in button:
        raise bad_request("can't parse keyboard button: Can't find field \"text\"")
    return button


def _inline_row(row: Any) -> list[dict[str, Any]]:
    if not isinstance(row, list):
        raise bad_request('field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays')
    return [button for button in map(_inline_button, row) if button["text"]]


def _inline_button(button: Any) -> dict[str, Any]:
    prefix = "can't parse inline keyboard button: "
    if not isinstance(button, dict):
        raise bad_request(prefix + "InlineKeyboardButton must be an Object")
    if "text" not in button:
        raise bad_request(prefix + 'Can\'t find field "text"')
    if not (button.get("url") or button.get("callback_data") or any(name in button for name in _SPECIAL)):
        raise bad_request(prefix + "Text buttons are unallowed in the inline keyboard")
    return {name: value for name, value in button.items() if value is not None}


def check_inline(rows: Rows | None) -> None:
    """What only the far server looks at."""
    buttons = [button for row in rows or [] for button in row]
    if any(len(str(button.get("callback_data", "")).encode()) > 64 for button in buttons):
        raise bad_request("BUTTON_DATA_INVALID")
    if len(buttons) > 100:
        raise bad_request("reply markup is too long")
