"""An event that is happening, or a drill, a lesson, a denial, something long past? Both ways."""

from __future__ import annotations

import pytest

from domain.understanding.batch import answer
from domain.understanding.result import Intent
from tests.unit.understanding.conftest import Reader

HAPPENING = (
    "有学生受伤了",
    "一名学生体育课上摔伤,已送医",
    "刚才三年级两个孩子摔下楼梯,送县医院了",
    "食堂疑似食物中毒,十几个学生呕吐",
    "有个娃失联了,家长正在找",
    "学生溺水了",
    "放学路上两个学生掉进河里",
    "宿舍着火了",
    "实验室起火,正在灭火",
    "围墙坍塌了,压到人",
    "教学楼外墙塌了",
    "有人持刀闯进学校",
    "校车翻了",
    "校门口出车祸,学生被撞",
    "学生从二楼坠楼",
    "有老师晕倒,已打120",
    "六年级学生打架流血了",
    "燃气泄漏,学生已疏散",
    "学生喝了农药",
    "救命",
    "演练时真的着火了",
    "今天搞演练,有学生踩踏受伤送医院了",
    "演练中一名学生骨折,已送镇卫生院",
    "不是演练,教学楼冒烟了",
    "有学生被狗咬了",
    "孩子触电昏迷",
    "发洪水了,学生被困",
    "地震了,房子裂了",
    "学生走丢了",
    "520人参加演练,用时110秒,疏散时一名学生摔伤送医",
    "班上突然好多孩子发烧呕吐,送医院了",
    "有学生要跳楼",
)

NOT_HAPPENING = (
    "9日搞了防溺水演练,学生520人",
    "火灾疏散演练,用时110秒",
    "演练科目:模拟学生受伤送医",
    "模拟教学楼着火,全员疏散,412人",
    "演练情景为食物中毒,师生300人参加",
    "消防演练,假设宿舍起火,用时95秒",
    "演练内容是地震后房屋坍塌自救",
    "搞了防触电安全教育",
    "没有学生受伤",
    "无人员伤亡",
    "全程未发生踩踏,无人受伤",
    "零伤亡",
    "本月未发生食物中毒事件",
    "没有发生溺水",
    "排查出围墙坍塌隐患1处,已整改",
    "隐患3处:围墙有倒塌危险、电线老化、消防栓漏水",
    "预防煤气中毒宣传,发单子300份",
    "开展了溺水急救知识培训",
    "去年有学生受伤,今年没有",
    "火灾",
    "演练类型:火灾",
    "第二个,火灾",
    "防暴恐演练,模拟歹徒持刀闯入",
    "地震演练,8号,520人,96秒",
    "520人,110秒,没受伤的",
    "学习了学生溺亡案例通报",
    "主题班会讲防走失",
    "防踩踏,412人,96秒",
    "没有,一切正常",
    "暴雨停电了,晚点报",
    "学生应急疏散演练设伤员3名,模拟包扎送医",
    "演习时扮演伤员5人",
    "签订防溺水责任书520份",
    "灭火器过期2具已更换",
    "校舍裂缝已整改",
    "水管爆了,已修好",
)


@pytest.mark.parametrize("text", HAPPENING)
def test_it_is_happening(read: Reader, text: str) -> None:
    understood = read(text, "drill_done", "drill_students")
    assert understood.intent is Intent.EMERGENCY
    assert not understood.readings
    assert not understood.held
    assert read(text).intent is Intent.EMERGENCY


@pytest.mark.parametrize("text", NOT_HAPPENING)
def test_it_is_not(read: Reader, text: str) -> None:
    assert read(text, "drill_done", "drill_students").intent is not Intent.EMERGENCY
    assert read(text).intent is not Intent.EMERGENCY


def test_many_at_once_report_it_as_unclear() -> None:
    asked = [{"key": "drill_students", "label": "参演学生人数", "type": "int"}]
    given = answer({"id": 1, "context": asked, "text": "一名学生摔伤,已送医,520人参加"})
    assert given == {"id": 1, "intent": "unclear", "values": {}}
