"""`duban demo` as a newcomer meets it: one command, one address, a page in a real browser."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, async_playwright, expect

from tests.conftest import CHROMIUM

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SENTENCE = "昨天上午组织了防震演练，全校五百一十名学生和38个老师参加，用时2分15秒，查出隐患3处改了2处"


@pytest.fixture
async def address(tmp_path: Path) -> AsyncIterator[str]:
    command = [sys.executable, "-c", "from cli.main import main; main()", "demo", "--port", "0"]
    demo = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert demo.stdout is not None
    async with asyncio.timeout(60):
        while "http://" not in (line := (await demo.stdout.readline()).decode()):
            assert line, (await demo.communicate())[1].decode()
    yield line[line.index("http://") :].strip()
    demo.terminate()
    _, complaints = await asyncio.wait_for(demo.communicate(), 20)
    assert demo.returncode == 0
    assert b"Traceback" not in complaints, complaints.decode()


@pytest.fixture
async def page(address: str) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1440, "height": 900})
        await page.goto(address)
        yield page
        await browser.close()


@pytest.mark.browser
@pytest.mark.slow
async def test_the_story_of_the_demo(page: Page) -> None:
    phones = page.locator(".phone")
    principal, office, director = phones.nth(0), phones.nth(2), phones.nth(3)
    await expect(director).to_contain_text("【发展提升年11月情况】截至11月23日(星期一)08:35,第1期")

    await principal.get_by_role("button", name="开始", exact=True).click()
    await expect(principal).to_contain_text("请核对:清河镇九年一贯制学校")
    await principal.get_by_role("button", name="是我", exact=True).click()
    await expect(principal).to_contain_text("待报2项")

    await principal.get_by_role("button", name="1开始填报").click()
    await expect(principal).to_contain_text("【草稿,未提交】")
    await principal.get_by_placeholder("发消息").fill(SENTENCE)
    await principal.get_by_placeholder("发消息").press("Enter")
    await expect(principal).to_contain_text("【请核对,未提交】")
    await expect(principal).to_contain_text("学生510人")
    await principal.get_by_role("button", name="提交", exact=True).click()
    await expect(principal).to_contain_text("✓ 已收到:清河镇九年一贯制学校 11月应急疏散演练")

    await page.get_by_text("到下一个 09:00", exact=True).click()
    await expect(principal).to_contain_text("还有1项明天(11月25日,星期三)17:00截止")
    await expect(principal).to_contain_text("已报的应急疏散演练不用管")

    await office.get_by_placeholder("发消息").fill("汇总")
    await office.get_by_placeholder("发消息").press("Enter")
    await expect(office).to_contain_text("第2期")
