"""The stage in a real browser: every role's phone, live, at desk and phone width."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from sandbox import SandboxServer

from .cast import TOKEN
from .conftest import Raw
from .theatre import NARROW, WIDE, DemoClock, keys, opened

pytestmark = pytest.mark.browser


@pytest.fixture
async def sandbox(theatre: SandboxServer) -> SandboxServer:
    return theatre


async def test_a_conversation_at_a_desk(browser: Browser, sandbox: SandboxServer, raw: Raw, tmp_path: Path) -> None:
    problems: list[str] = []
    page = await opened(browser, sandbox, WIDE, problems)
    await expect(page).to_have_title("督办 · 演示")
    mine = page.get_by_label("校长的手机", exact=True)
    await mine.get_by_role("button", name="开始", exact=True).click()
    phone = sandbox.phone(TOKEN, 1001)
    await expect(mine.locator(".mine")).to_contain_text("/start invite-1")
    assert phone.messages[0].text == "/start invite-1"
    await raw(
        "sendMessage",
        chat_id=1001,
        text="<b>请核对</b> 1 &lt; 2",
        parse_mode="HTML",
        reply_markup=keys("提交", "修改"),
    )
    await expect(mine.locator(".theirs .text b")).to_have_text("请核对")
    await mine.get_by_role("button", name="提交").click()
    (query,) = [u["callback_query"] for u in (await raw("getUpdates"))["result"] if "callback_query" in u]
    await raw("answerCallbackQuery", callback_query_id=query["id"], text="已提交")
    await expect(mine.get_by_role("status")).to_have_text("已提交")
    menu = {"keyboard": [["待办", "已报"]]}
    await raw("editMessageText", chat_id=1001, message_id=query["message"]["message_id"], text="✓ 已收到")
    await expect(mine.locator(".theirs")).to_have_text(re.compile(r"✓ 已收到\s*已编辑\s*09:30"))
    await raw("sendMessage", chat_id=1001, text="还有两项", reply_markup=menu)
    await mine.get_by_role("button", name="待办").click()
    await mine.get_by_label("给助手发消息").fill("老师38人")
    await mine.get_by_label("给助手发消息").press("Enter")
    await expect(mine.locator(".mine").last).to_contain_text("老师38人")
    assert [m.text for m in phone.messages if m.mine] == ["/start invite-1", "待办", "老师38人"]
    await raw("deleteMessage", chat_id=1001, message_id=query["message"]["message_id"])
    await expect(mine.get_by_text("✓ 已收到")).to_have_count(0)
    await page.screenshot(path=tmp_path / "wide.png")
    assert problems == []


async def test_commands_reply_and_block(browser: Browser, sandbox: SandboxServer, raw: Raw) -> None:
    problems: list[str] = []
    phone = sandbox.phone(TOKEN, 401)
    await phone.start()
    await raw("setMyCommands", commands=[{"command": "digest", "description": "汇总"}])
    await raw("sendMessage", chat_id=401, text="十行")
    page = await opened(browser, sandbox, WIDE, problems)
    director = page.get_by_label("局长的手机", exact=True)
    await director.get_by_label("命令", exact=True).click()
    await director.get_by_role("button", name="/digest 汇总").click()
    await expect(director.locator(".mine").last).to_contain_text("/digest")
    await director.locator(".theirs").hover()
    await director.get_by_label("回复这条消息").click()
    await director.get_by_label("给助手发消息").fill("请安全股办")
    await director.get_by_label("发送").click()
    await expect(director.locator(".mine .quote")).to_have_text("十行")
    assert phone.messages[-1].reply_to == 2
    await director.get_by_label("更多", exact=True).click()
    await director.get_by_role("button", name="停用这个助手").click()
    back = director.get_by_role("button", name="重新启用")
    await expect(back).to_be_visible()
    assert phone.blocked
    assert (await raw("sendMessage", chat_id=401, text="在吗"))["error_code"] == 403
    await back.click()
    await expect(director.get_by_label("给助手发消息")).to_be_visible()
    assert not phone.blocked
    statuses = [u["my_chat_member"]["new_chat_member"]["status"] for u in (await raw("getUpdates"))["result"][-2:]]
    assert statuses == ["kicked", "member"]
    assert problems == []


async def test_choosing_a_principal_clock_and_story(
    browser: Browser, sandbox: SandboxServer, raw: Raw, clock: DemoClock
) -> None:
    problems: list[str] = []
    page = await opened(browser, sandbox, WIDE, problems)
    mine = page.get_by_label("校长的手机", exact=True)
    await sandbox.phone(TOKEN, 1042).start()
    await raw("sendMessage", chat_id=1042, text="给第42小学")
    await expect(mine.locator(".switch .dot")).to_be_visible()
    await mine.get_by_role("button", name="换人").click()
    await mine.get_by_label("找学校或姓名").fill("第42")
    await mine.get_by_role("button", name="第42小学 王校长").click()
    await expect(mine.locator(".theirs")).to_contain_text("给第42小学")
    await page.get_by_role("button", name="到 17:00").click()
    await expect(page.locator("#clock")).to_contain_text("9月9日 星期三 17:0")
    await page.get_by_label("停住时钟").click()
    await expect(page.locator("#pace")).to_have_text("停")
    assert clock.at == datetime(2026, 9, 9, 17, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert clock.speed == 0
    await page.get_by_role("button", name="下一步").click()
    await expect(page.locator(".phone.told .role")).to_have_text("局长")
    await page.get_by_label("收起导览").click()
    await page.reload()
    await expect(page.locator("#story")).to_be_hidden()
    await expect(mine.locator(".name")).to_have_text("第42小学 王校长")
    assert problems == []


async def test_tabs_in_the_hand(browser: Browser, sandbox: SandboxServer, raw: Raw, tmp_path: Path) -> None:
    problems: list[str] = []
    page = await opened(browser, sandbox, NARROW, problems)
    await page.get_by_label("收起导览").click()
    await expect(page.locator(".phone:visible")).to_have_count(1)
    await sandbox.phone(TOKEN, 301).start()
    await raw("sendMessage", chat_id=301, text="应报64", reply_markup=keys("名单"))
    tab = page.get_by_role("button", name="办公室")
    await expect(tab.locator(".dot")).to_be_visible()
    await tab.click()
    await expect(tab.locator(".dot")).to_be_hidden()
    await expect(page.locator(".phone:visible .theirs")).to_contain_text("应报64")
    assert await page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    await page.screenshot(path=tmp_path / "narrow.png")
    assert problems == []
