"""What goes wrong with the real server, by name, in its own words: each can be scripted as a `Fault`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.errors import PhoneError
from sandbox.faults import Fault, FaultKind

_PAGE = (
    "<html>\r\n<head><title>{0}</title></head>\r\n<body>\r\n<center><h1>{0}</h1></center>\r\n<hr><center>nginx</center>"
    "\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True)
class Mishap:
    """`method` is what it usually happens to. `needs` names what else may be given, with what it is otherwise."""

    name: str
    label: str
    kind: FaultKind = "error"
    code: int = 0
    description: str = ""
    method: str = "*"
    needs: tuple[tuple[str, float], ...] = ()
    body: str = ""

    @property
    def english(self) -> str:
        said = self.description.format(**dict(self.needs))
        return f"{self.code} {said}" if self.code else said

    def to_json(self) -> dict[str, Any]:
        fields = ("name", "label", "english", "kind", "code", "method")
        return {name: getattr(self, name) for name in fields} | {"needs": dict(self.needs)}


def mishap(
    name: str, method: str = "", *, times: int = 1, after: int = 0, chat_id: int | None = None, **given: float
) -> Fault:
    """The fault of that name. `given`: retry_after, migrate_to_chat_id, delay. Raises PhoneError."""
    known = MISHAPS.get(name)
    if known is None or given.keys() - dict(known.needs):
        raise PhoneError(f"no such mishap: {name!r} {sorted(given)}")
    values = dict(known.needs) | given
    delay = values.pop("delay", 0.0)
    return Fault(
        known.kind, method or known.method, times, chat_id, code=known.code or 500,
        description=known.description.format(**values), parameters={key: int(value) for key, value in values.items()},
        delay=float(delay), after=after, body=known.body, name=name,
    )  # fmt: skip


def _refusals(code: int, prefix: str, *told: tuple[str, str, str, str]) -> list[Mishap]:
    return [Mishap(name, label, "error", code, prefix + said, method) for name, label, said, method in told]


_ALL = [
    Mishap(
        "too_many", "发得太快,稍后再发", code=429, description="Too Many Requests: retry after {retry_after}",
        needs=(("retry_after", 5),),
    ),
    *_refusals(
        403, "Forbidden: ",
        ("blocked", "对方已停用助手", "bot was blocked by the user", "send*"),
        ("deactivated", "对方账号已注销", "user is deactivated", "send*"),
        ("cannot_initiate", "对方还没点过开始", "bot can't initiate conversation with a user", "send*"),
        ("kicked", "被移出群", "bot was kicked from the group chat", "send*"),
        ("kicked_from_supergroup", "被移出超级群", "bot was kicked from the supergroup chat", "send*"),
        ("not_a_member", "不在群里", "bot is not a member of the supergroup chat", "send*"),
        ("group_deleted", "群已解散", "the group chat was deleted", "send*"),
    ),
    *_refusals(
        400, "Bad Request: ",
        ("chat_not_found", "找不到会话", "chat not found", "send*"),
        ("no_rights", "群里不许发言", "not enough rights to send text messages to the chat", "send*"),
        ("thread_not_found", "找不到话题", "message thread not found", "send*"),
        ("topic_closed", "话题已关闭", "TOPIC_CLOSED", "send*"),
        ("too_long", "消息太长", "message is too long", "send*"),
        ("cannot_parse", "格式读不懂", 'can\'t parse entities: Unsupported start tag "x" at byte offset 0', "send*"),
        ("reply_not_found", "被回复的消息没了", "message to be replied not found", "send*"),
        ("not_modified", "编辑前后一样", "message is not modified: specified new message content and reply markup are "
         "exactly the same as a current content and reply markup of the message", "edit*"),
        ("edit_not_found", "要编辑的消息没了", "message to edit not found", "edit*"),
        ("cannot_edit", "不能编辑", "message can't be edited", "edit*"),
        ("delete_not_found", "要删的消息没了", "message to delete not found", "deleteMessage"),
        ("query_too_old", "按钮按得太久", "query is too old and response timeout expired or query ID is invalid",
         "answerCallbackQuery"),
        ("file_too_big", "文件太大", "file is too big", "getFile"),
        ("file_unavailable", "文件暂时取不到", "wrong file_id or the file is temporarily unavailable", "getFile"),
    ),
    Mishap(
        "upgraded", "群升级为超级群", code=400, description="Bad Request: group chat was upgraded to a supergroup chat",
        method="send*", needs=(("migrate_to_chat_id", -1_001_000_000_001),),
    ),
    Mishap("unauthorized", "令牌失效", code=401, description="Unauthorized"),
    Mishap(
        "conflict", "另有一个助手在收", code=409, method="getUpdates", description="Conflict: terminated by other "
        "getUpdates request; make sure that only one bot instance is running",
    ),
    Mishap("gone", "文件链接过期", code=404, description="Not Found", method="download"),
    Mishap("internal", "服务器出错", code=500, description="Internal Server Error"),
    Mishap("bad_gateway", "网关出错", code=502, description="Bad Gateway"),
    Mishap("proxy_502", "代理出错页", code=502, description="Bad Gateway", body=_PAGE.format("502 Bad Gateway")),
    Mishap("proxy_504", "代理超时页", code=504, description="Gateway Time-out",
           body=_PAGE.format("504 Gateway Time-out")),
    Mishap("login_page", "被网络登录页截住", code=200, description="a page that is no answer",
           body=_PAGE.format("Welcome")),
    Mishap("slow", "慢,之后照办", "latency", description="done and answered later", needs=(("delay", 3),)),
    Mishap("late", "已照办,回音迟到", "late", description="done at once, answered later", needs=(("delay", 3),)),
    Mishap("dropped", "没办成就断线", "drop", description="hangs up, nothing done"),
    Mishap("lost", "已照办,回音丢失", "lost", description="done, hangs up before the answer"),
]  # fmt: skip
MISHAPS = {one.name: one for one in _ALL}
