"""What a hand does on the stage in a real browser: photos, albums, files, edits, faults; and nothing overflows."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, FilePayload, expect
from telegram import Bot

from sandbox import SandboxServer

from .cast import TOKEN
from .conftest import Raw
from .pictures import picture
from .theatre import NARROW, WIDE, keys, opened

pytestmark = pytest.mark.browser


@pytest.fixture
async def sandbox(theatre: SandboxServer) -> SandboxServer:
    return theatre


NATURAL_SIZE = "async img => { await img.decode(); return [img.naturalWidth, img.naturalHeight] }"
TOO_WIDE = """width => [...document.querySelectorAll("body *")]
  .filter(e => e.checkVisibility() && !e.closest(".tabs, .sr") && e.getBoundingClientRect().right > width + 1)
  .map(e => e.outerHTML.slice(0, 80))"""


def upload(name: str, data: bytes, mime: str = "image/jpeg") -> FilePayload:
    return {"name": name, "mimeType": mime, "buffer": data}


async def test_photos_an_album_and_a_document(browser: Browser, sandbox: SandboxServer, raw: Raw) -> None:
    problems: list[str] = []
    phone = sandbox.phone(TOKEN, 1001)
    await phone.start()
    page = await opened(browser, sandbox, WIDE, problems)
    mine = page.get_by_label("校长的手机", exact=True)
    photos, files, words = (
        mine.locator("[data-as=photo]"),
        mine.locator("[data-as=document]"),
        mine.get_by_label("发消息"),
    )
    await mine.get_by_label("照片、文件和更多").click()
    async with page.expect_file_chooser() as chooser:
        await mine.get_by_text("照片 Photos").click()
    await (await chooser.value).set_files(upload("IMG_1.png", picture(2000, 1500, "PNG"), "image/png"))
    await expect(mine.locator(".picked")).to_contain_text("1张照片")
    await words.fill("演练现场")
    await words.press("Enter")
    shown = mine.locator(".mine img")
    await expect(shown).to_have_count(1)
    assert await shown.evaluate(NATURAL_SIZE) == [1280, 960]
    await photos.set_input_files([upload(f"{n}.jpg", picture(300 + n, 200)) for n in range(12)])
    await expect(mine.get_by_role("status")).to_contain_text("最多10个")
    await mine.get_by_label("都不发了").click()
    await expect(mine.locator(".picked")).to_be_hidden()
    await photos.set_input_files([upload(f"{n}.jpg", picture(300 + n, 200)) for n in range(2)])
    await photos.set_input_files(upload("2.jpg", picture(302, 200)))
    await mine.get_by_label("发送").click()
    await expect(mine.locator(".mine.album")).to_have_count(3)
    await files.set_input_files(upload("方案.docx", b"PK-word", "application/octet-stream"))
    await mine.get_by_label("发送").click()
    await expect(mine.locator(".file")).to_contain_text("方案.docx")
    sent = [u["message"] for u in (await raw("getUpdates"))["result"]][1:]
    assert [sorted(m.keys() & {"photo", "document", "media_group_id", "caption"}) for m in sent] == [
        ["caption", "photo"], *[["media_group_id", "photo"]] * 3, ["document"],
    ]  # fmt: skip
    async with page.expect_download() as download:
        await mine.locator(".file").click()
    assert (await download.value).suggested_filename == "方案.docx"
    await photos.set_input_files(upload("假.jpg", b"not a picture"))
    await mine.get_by_label("发送").click()
    await expect(mine.get_by_role("status")).to_contain_text("这个文件不是图片")
    await expect(mine.locator(".picked")).to_contain_text("1张照片")
    assert [p for p in problems if "400" not in p] == []


async def test_a_photo_of_the_bot_is_seen(browser: Browser, sandbox: SandboxServer) -> None:
    problems: list[str] = []
    await sandbox.phone(TOKEN, 401).start()
    page = await opened(browser, sandbox, WIDE, problems)
    async with Bot(TOKEN, base_url=sandbox.api_url) as bot:
        await bot.send_photo(401, picture(640, 480), "进度<1>")
        await bot.send_document(401, b"PK-word", filename="通报.docx")
    director = page.get_by_label("局长的手机", exact=True)
    await expect(director.locator(".theirs .text")).to_have_text("进度<1>")
    assert await director.locator(".theirs img").evaluate(NATURAL_SIZE) == [640, 480]
    await expect(director.locator(".theirs .file")).to_contain_text("通报.docx")
    assert problems == []


async def test_editing_an_own_message(browser: Browser, sandbox: SandboxServer, raw: Raw) -> None:
    problems: list[str] = []
    phone = sandbox.phone(TOKEN, 1001)
    await phone.start()
    await phone.say("学生502人")
    await raw("sendMessage", chat_id=1001, text="好", reply_markup={"keyboard": [["待办"]]})
    page = await opened(browser, sandbox, WIDE, problems)
    mine = page.get_by_label("校长的手机", exact=True)
    words = mine.get_by_label("给助手发消息")
    pencil = mine.locator(".mine").last.get_by_label("编辑这条消息")
    await pencil.click()
    await expect(words).to_have_value("学生502人")
    await mine.get_by_label("算了").click()
    await expect(words).to_have_value("")
    await pencil.click()
    await mine.get_by_role("button", name="待办").click()
    await expect(mine.locator(".mine").last).to_contain_text("待办")
    await mine.locator(".mine", has_text="学生502人").get_by_label("编辑这条消息").click()
    await words.fill("学生520人")
    await words.press("Enter")
    await expect(mine.locator(".mine", has_text="学生520人")).to_contain_text("已编辑")
    kinds = [next(k for k in u if k != "update_id") for u in (await raw("getUpdates"))["result"]]
    assert kinds == ["message"] * 3 + ["edited_message"]
    for menu, label in (("照片、文件和更多", "语音"), ("照片、文件和更多", "贴纸")):
        await mine.get_by_label(menu).click()
        await mine.get_by_role("button", name=label).click()
    await expect(mine.locator(".mine .sticker")).to_be_visible()
    assert [m.kind for m in phone.messages if m.mine][-2:] == ["voice", "sticker"]
    await expect(mine.locator(".mine").last.get_by_label("编辑这条消息")).to_have_count(0)
    assert problems == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
async def test_the_fault_panel(browser: Browser, sandbox: SandboxServer, raw: Raw, size: dict) -> None:
    problems: list[str] = []
    for user in (201, 1001):
        await sandbox.phone(TOKEN, user).start()
    page = await opened(browser, sandbox, size, problems)
    await page.get_by_label("收起导览").click()
    await page.get_by_role("button", name="故障", exact=True).click()
    panel = page.get_by_label("线路故障", exact=True)
    await panel.get_by_label("出什么事").select_option("对方已停用助手")
    await panel.get_by_label("对谁").select_option("股长 安全股 陈股长")
    await panel.get_by_label("次数").fill("2")
    await panel.get_by_role("button", name="加上").click()
    await panel.get_by_label("出什么事").select_option("发得太快,稍后再发")
    await panel.get_by_label("等几秒").fill("35")
    await panel.get_by_label("哪种调用").select_option("改消息")
    await panel.get_by_label("对谁").select_option("所有人")
    await panel.get_by_label("一直").check()
    await panel.get_by_role("button", name="加上").click()
    await expect(panel.locator(".planned li")).to_have_count(2)
    assert (await raw("sendMessage", chat_id=1001, text="一"))["ok"]
    refused = await raw("sendMessage", chat_id=201, text="一")
    assert refused["description"] == "Forbidden: bot was blocked by the user"
    edited = await raw("editMessageText", chat_id=1001, message_id=2, text="二")
    assert edited["parameters"] == {"retry_after": 35}
    await expect(panel.locator(".planned li").first).to_contain_text("安全股 陈股长 · 还有1次 · 已发生1次")
    await expect(panel.locator(".counts")).to_contain_text("出错 2")
    await panel.get_by_label("撤掉:发得太快").click()
    await expect(panel.locator(".planned li")).to_have_count(1)
    assert (await raw("editMessageText", chat_id=1001, message_id=2, text="二"))["ok"]
    await raw("sendMessage", chat_id=201, text="一")
    await expect(panel.locator(".spent li")).to_contain_text("对方已停用助手")
    await panel.get_by_role("button", name="全部撤掉").click()
    await expect(panel.locator(".none")).to_be_visible()
    mark = page.locator("#showpanel .dot")
    await expect(mark).to_be_hidden()
    await panel.get_by_label("按真的限速").check()
    await expect(mark).to_be_visible()
    assert sandbox.limits.on
    assert await page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert await panel.evaluate("e => e.scrollWidth <= e.clientWidth")
    await panel.get_by_label("收起线路故障").click()
    await expect(panel).to_be_hidden()
    assert problems == []


async def test_nothing_overflows_in_the_hand(browser: Browser, sandbox: SandboxServer, raw: Raw) -> None:
    problems: list[str] = []
    await sandbox.phone(TOKEN, 1001).start()
    labels = keys("交给他人办", "一个很长很长的按钮名字看看会不会撑破", "稍后再填")
    await raw("sendMessage", chat_id=1001, text="https://example.org/" + "a" * 300, reply_markup=labels)
    await sandbox.phone(TOKEN, 1001).document("长" * 120 + ".docx", b"x")
    await sandbox.phone(TOKEN, 1001).photo(data=picture(1200, 300))
    page = await opened(browser, sandbox, NARROW, problems)
    for width in (390, 320):
        await page.set_viewport_size({"width": width, "height": 700})
        for opened_by in ("命令", "照片、文件和更多", "更多"):
            await page.locator(".phone:visible").get_by_label(opened_by, exact=True).click()
            assert await page.evaluate(TOO_WIDE, width) == []
            await page.keyboard.press("Escape")
    assert problems == []
