"""One question, one reply with a trap in it: other periods, plans, changes, shares, guesses; the truth is known."""

from __future__ import annotations

import random
from typing import Any

from tests.unit.understanding.composed import Composed, spelt

THINGS: tuple[tuple[str, str, str, str, int], ...] = (
    ("本月心理辅导人次", "人次", "心理辅导", "开展", 60), ("本月图书借阅册数", "册", "图书", "借阅", 900), ("本月校园广播次数", "次", "校园广播", "开展", 20),
    ("维修课桌椅套数", "套", "课桌椅", "维修", 80), ("安装护眼灯盏数", "盏", "护眼灯", "安装", 200), ("资助困难学生人数", "人", "困难学生", "资助", 90),
    ("本月送教上门次数", "次", "送教上门", "开展", 20), ("本月食堂自查次数", "次", "食堂自查", "开展", 20), ("外出培训教师人数", "人", "教师", "外出培训", 30),
    ("学生社团个数", "个", "社团", "成立", 30), ("本学期家长会次数", "次", "家长会", "召开", 6), ("本月听课节数", "节", "听课", "完成", 60),
    ("本月劳动实践次数", "次", "劳动实践", "组织", 9), ("近视筛查学生人数", "人", "学生", "筛查", 900), ("监控探头个数", "个", "探头", "安装", 90),
    ("校车辆数", "辆", "校车", "配备", 12), ("保安人数", "名", "保安", "配备", 9), ("本月录制微课节数", "节", "微课", "录制", 40),
    ("本月防溺水宣传次数", "次", "防溺水宣传", "开展", 9), ("参演学生人数", "人", "学生", "参加", 1500), ("本月公开课(研讨课)节数", "节", "公开课", "上", 20),
    ("本月编写导学案份数", "份", "导学案", "编写", 300), ("心得体会篇数", "篇", "心得", "收", 90), ("本月经典诵读活动次数", "次", "经典诵读", "开展", 12),
    ("已开设校本课程门数", "门", "校本课程", "开设", 12), ("文化墙(长廊)处数", "处", "文化墙", "建", 12), ("本月家访户数", "户", "家访", "走访", 90),
    ("故障设备数", "台", "故障设备", "有", 9), ("本月对外宣传稿件篇数", "篇", "稿件", "发", 20), ("本月校本研修次数", "次", "校本研修", "开展", 9),
)  # fmt: skip

NO_VALUE = (
    "去年{v}{m}{u}", "上个月{m}{u}", "上学期{x}{m}{u}", "计划{v}{m}{u}", "打算{v}{m}{u}", "预计{m}{u}", "下个月{v}{m}{u}", "目标是{m}{u}", "要求{m}{u}",
    "比上个月多{k}{u}", "比去年少了{k}{u}", "又增加了{k}{u}", "每班{k}{u}", "每个年级{k}{u}", "平均每周{k}{u}", "{n}到{o}{u}", "{n}或者{o}{u}", "没统计",
    "{x}还没统计出来", "不清楚具体多少", "具体数记不清了", "十几{u}", "好几{u}", "可能{n}{u}吧", "应该不到{n}{u}", "{x}的数我问一下再回", "等统计好了再报",
    "下学期{v}{m}{u}", "上级分配了{m}{u}任务", "最多{n}{u}", "少说也有{n}{u}", "{r}多{u}", "{r}来{u}", "将近{n}{u}", "{n}{u}以上", "{n}{u}不止", "{x}数量不详",
    "这个要问教务处", "今年准备{v}{m}{u}，还没开始统计", "{n}{u}还是{o}{u}我再核实一下", "前年{v}{m}{u}", "名额是{m}{u}", "规定要{m}{u}",
    "{x}一直在{v}，没数过", "全部完成了", "基本都有", "多数都{v}了", "跟往年差不多", "和上次一样", "同上", "多报了{k}{u}", "刚才报错了",
)  # fmt: skip
N_IS_MEANT = (
    "去年{m}{u}，今年{n}{u}", "上个月{m}{u}，这个月{n}{u}", "上月{m}{u}本月{n}{u}", "计划{m}{u}，实际{n}{u}", "原计划{m}{u}，完成{n}{u}", "{n}{u}，比上月多{k}{u}",
    "一共{n}{u}", "从{m}{u}增加到{n}{u}", "不是{m}{u}，是{n}{u}", "{n}{u}，下个月计划{m}{u}", "总共{v}了{n}{u}", "{x}{n}{u}，哦不对，{o}{u}，不，还是{n}{u}",
    "{n}", "{n}{u}", "{x}{n}{u}", "{v}{x}{n}{u}", "{v}了{n}{u}{x}", "{x}共{n}{u}", "{x}：{n}{u}", "有{n}{u}", "大概{n}{u}", "{n}{u}左右", "差不多{n}{u}吧",
    "这个月{v}了{n}{u}", "截至目前{n}{u}", "经统计，共{v}{x}{n}{u}", "我校{v}{x}{n}{u}。", "{n}{u}，上级要求{m}{u}", "任务{m}{u}，已{v}{n}{u}", "{o}改成{n}",
    "应该是{n}{u}", "{x}是{n}{u}哈", "嗯，{n}{u}", "{n}{u}，谢谢领导", "三年级{a}{u}，四年级{b}{u}", "{a}{u}加{b}{u}，一共{n}{u}", "城区{a}{u}，乡下{b}{u}，合计{n}{u}",
    "{n}{u}（去年是{m}{u}）", "{n}{u}，同比增加{k}{u}", "电话13912345678，{x}{n}{u}", "2026年秋季{x}{n}{u}", "根据教办〔2026〕8号文件，{v}{x}{n}{u}",
    "上午9点开始，{n}{u}", "{n}{u}，负责人张主任", "报告领导，{x}{n}{u}，完毕", "刚才报错了，是{n}{u}", "刚报的{m}{u}不对，应为{n}{u}",
)  # fmt: skip
ZERO = ("没有", "暂时没有", "无", "0{u}", "零{u}", "一{u}都没有", "本月没有{v}", "没{v}", "还没{v}", "暂无", "本月未{v}", "没有{x}")


class Trapper:
    """Traps one after another from one seed."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)

    def reply(self) -> Composed:
        rng = self.rng
        label, unit, thing, verb, high = rng.choice(THINGS)
        n = rng.randint(3, high)
        others = [value for value in range(2, high * 2) if value != n]
        m, o = rng.sample(others, 2)
        a = rng.randint(1, n - 1)
        amounts = {"n": n, "m": m, "o": o, "a": a, "b": n - a}
        words = {key: spelt(rng, value) for key, value in amounts.items()}
        if a == n - a:
            words["b"] = words["a"]
        words |= {"u": unit, "x": thing, "v": verb, "k": str(rng.randint(2, 5)), "r": str(max(1, n // 10) * 10)}
        forms, truth = rng.choice(((NO_VALUE, None), (N_IS_MEANT, n), (N_IS_MEANT, n), (ZERO, 0)))
        context = [{"key": "asked", "label": label, "type": "int", "unit": unit, "min": 0, "max": high * 3}]
        text = rng.choice(forms).format(**words)
        return Composed(text, context, {} if truth is None else {"asked": truth})


def entry(composed: Composed) -> dict[str, Any]:
    return composed.context[0]
