import pytest

from domain.understanding import Intent
from tests.unit.understanding.conftest import Reader


@pytest.mark.parametrize(
    ("text", "key", "intent"),
    [
        ("这个怎么填？", "bbt", Intent.QUESTION),
        ("家长志愿者要不要算进参演人数", "drill_people", Intent.QUESTION),
        ("520人，幼儿园的算不算在内？", "drill_students", Intent.QUESTION),
        ("这块工作是副校长在管，你问他", "train_num", Intent.REFUSE),
        ("没空弄这个", "bbt_use", Intent.REFUSE),
        ("晚点报", "green_area", Intent.LATER),
        ("我问一下分管校长再回你", "drill_date", Intent.LATER),
        ("好的，收到！", "guide_plans", Intent.CHATTER),
        ("谢谢提醒", "drill_students", Intent.CHATTER),
        ("刚才报错了，是32个", "bbt_done", Intent.CORRECTION),
        ("520，哦不对，530", "drill_students", Intent.ANSWER),
        ("刚才报错了", "bbt", Intent.UNCLEAR),
        ("多报了3个", "bbt_done", Intent.UNCLEAR),
    ],
)
def test_the_intent_of_a_reply(read: Reader, text: str, key: str, intent: Intent) -> None:
    assert read(text, key).intent is intent


@pytest.mark.parametrize(
    "text",
    [
        "有学生溺水了",
        "学校着火了！",
        "3名学生受伤，已送医院",
        "食物中毒了怎么办",
        "一名学生失联",
        "围墙坍塌了",
        "演练中有学生昏迷送医了",
        "演练时一名学生扭伤了脚",
        "有家长持刀进学校了",
        "校车翻了",
        "学生被车撞了",
        "有个娃掉井里了",
        "学生喝农药了",
        "二年级一个学生走丢了",
        "发生地震了",
    ],
)
def test_an_event_that_is_happening_is_an_emergency(read: Reader, text: str) -> None:
    understood = read(text, "drill_done", "drill_students")
    assert understood.intent is Intent.EMERGENCY
    assert not understood.readings


@pytest.mark.parametrize(
    "text",
    [
        "搞了火灾疏散演练，520人",
        "演练模拟教学楼着火了",
        "没有人员受伤",
        "开展防溺水教育",
        "排查出坍塌隐患1处",
        "无学生受伤，演练结束",
        "演练中模拟学生受伤送医",
        "防暴演练模拟持刀歹徒",
        "今年没有发生溺水事故",
        "零事故零受伤",
        "培训内容：中毒急救",
    ],
)
def test_a_drill_a_lesson_and_a_denial_are_none(read: Reader, text: str) -> None:
    assert read(text, "drill_done", "drill_students").intent is not Intent.EMERGENCY


def test_a_question_beside_a_value_holds_the_value_and_stores_nothing(read: Reader) -> None:
    understood = read("学生520人，学前班算吗？", "drill_students")
    assert understood.intent is Intent.QUESTION
    assert not understood.readings
    assert [r.value for r in understood.held] == [520]
    assert "算吗" in understood.aside


def test_a_question_how_to_hand_in_leaves_the_value(read: Reader) -> None:
    understood = read("公开课6节，照片要不要传", "open_class")
    assert understood.values == {"open_class": 6}
    assert understood.aside


def test_emergency_words_count_even_when_nothing_is_asked(read: Reader) -> None:
    assert read("有学生溺水了").intent is Intent.EMERGENCY
    assert read("收到").intent is Intent.CHATTER
    assert read("怎么填？").intent is Intent.QUESTION


@pytest.mark.parametrize("text", ["演练中模拟学生受伤送医", "今年没有发生溺水事故"])
def test_words_of_harm_say_nothing_about_the_drill(read: Reader, text: str) -> None:
    assert read(text, "drill_done").values == {}


@pytest.mark.parametrize(
    ("text", "changed", "approximate"),
    [("五百二十人", False, False), ("全校五百二十名学生", False, False), ("大约五百二十人", True, True)],
)
def test_a_number_in_words_is_exact(read: Reader, text: str, changed: bool, approximate: bool) -> None:
    (reading,) = read(text, "drill_students").readings
    assert (reading.value, reading.changed, reading.approximate) == (520, changed, approximate)
