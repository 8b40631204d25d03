"""The stage set for a play, and a browser in front of it."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from playwright.async_api import Browser, Page

from sandbox import SandboxServer, Seat, StoryStep

from .cast import TOKEN

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
)
WIDE = {"width": 1440, "height": 900}
NARROW = {"width": 390, "height": 844}
PRINCIPALS = [Seat("校长", 1000 + n, TOKEN, f"第{n}小学 王校长", f"invite-{n}") for n in range(1, 65)]
OTHERS = [
    Seat("股长", 201, TOKEN, "安全股 陈股长"),
    Seat("办公室", 301, TOKEN, "李干事"),
    Seat("局长", 401, TOKEN, "周局长"),
]
STORY = [StoryStep("开始", "王校长的手机上有一条通知。", "校长"), StoryStep("汇总", "局长收到十行。", "局长")]


def keys(*labels: str) -> dict:
    return {"inline_keyboard": [[{"text": label, "callback_data": label} for label in labels]]}


class DemoClock:
    tz_name = "Asia/Shanghai"

    def __init__(self) -> None:
        self.at = datetime(2026, 9, 9, 9, 30, tzinfo=ZoneInfo(self.tz_name))
        self.speed = 1.0

    def now(self) -> datetime:
        return self.at

    def set_speed(self, x: float) -> None:
        self.speed = x

    def jump_to(self, instant: datetime) -> None:
        self.at = instant


async def opened(browser: Browser, sandbox: SandboxServer, size: dict, problems: list[str]) -> Page:
    page = await (await browser.new_context(viewport=size)).new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("request", lambda request: problems.append(request.url) if _foreign(request.url, sandbox) else None)
    await page.goto(sandbox.url)
    await page.wait_for_selector("body[data-ready]")
    return page


def _foreign(url: str, sandbox: SandboxServer) -> bool:
    return not url.startswith((sandbox.url, f"blob:{sandbox.url}"))
