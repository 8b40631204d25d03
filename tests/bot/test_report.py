"""A principal reports: from the prompt to the receipt."""

from __future__ import annotations

from db.tables import Answer, Report
from tests.cast import PRINCIPAL, County
from tests.stage import Stage


async def test_a_report_from_prompt_to_receipt(stage: Stage, county: County) -> None:
    phone = stage.phone(PRINCIPAL)
    await phone.start()
    await stage.tick()
    await phone.press("1 ")
    await stage.settled()
    await phone.press("已开展")
    await stage.settled()
    for words in ("11月17日", "1", "５２０", "110", "3/3"):
        await phone.say(words)
        await stage.settled()
    assert "【请核对,未提交】" in phone.last.text
    await phone.press("提交")
    await stage.settled()
    assert phone.last.text.startswith("✓ 已收到:清河镇九年一贯制学校 11月应急疏散演练\n11月18日(星期三)09:00,按时。")
    [report] = await stage.rows(Report, Report.state == "submitted")
    assert report.receipt_number == "1118-0001"
    answers = {answer.key: answer for answer in await stage.rows(Answer)}
    assert answers["drill_students"].amount == 520
