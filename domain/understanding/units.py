"""Measure words: which of them may count what a question counts."""

from __future__ import annotations

ALLOWED = {
    "人": "人 名 位 个 个人 口 口人 号人 人次 员",
    "名": "人 名 位 个 个人",
    "位": "人 名 位 个 个人",
    "人次": "人次 人 名 位 个 次",
    "个": "个 个班 个班级 个教学班 班 教学班 间 间教室 套 路 只 块 盏",
    "班": "个 个班 个班级 个教学班 班 教学班 间 套",
    "处": "处 个 条 项 起 点 面 幅 块 件",
    "台": "台 套 个 部 块 件 台套",
    "套": "台 套 个 部 件",
    "间": "间 个 口 室 间教室",
    "节": "节 堂 个 次 场",
    "份": "份 个 篇 本 套 件",
    "篇": "篇 份 条 个 则 件 期",
    "条": "条 篇 个 则 件 处 项",
    "场": "场 次 回 个 轮",
    "次": "次 场 回 趟 轮 个 顿 遍",
    "门": "门 个 种 科",
    "项": "项 个 件 条 样",
    "科": "科 个 门 学科 个学科 门学科",
    "学时": "学时 个学时 课时 个课时 个",
    "课时": "学时 个学时 课时 个课时 个 节",
    "本": "本 册 个 份",
    "册": "本 册 个",
    "件": "件 个 项 条 起",
    "起": "起 件 个 次",
    "户": "户 家",
    "辆": "辆 台 部 个",
    "块": "块 个 面 处",
    "天": "天 日",
}
_ALLOWED = {unit: frozenset(words.split()) for unit, words in ALLOWED.items()}

_OTHERS = (
    "首 具 架 把 副 枚 箱 袋 瓶 桶 片 顶 床 头 匹 家 户 辆 毛 角 遍 期 棵 株 盆 盏 张 支 根 米 厘米 公里 里 年 岁 "
    "周岁 周 个周 个星期 个礼拜 "
    "月 个月 年级 个年级 个年 楼 层 栋 幢 小时 个小时 个钟头 钟头 度 级 路 封 对 所 所学校 个学校 个校区 校区 村 "
    "个村 镇 乡 组 个组 个小组 小组 队 支队 类 种 座 幅 艘 车 桌 顿 步 章 句 字 页 倍 折 届 批 ℃ kg 斤 公斤 吨 升 成 "
    "股 分 秒 点 号 元 亩 平方 平"
)
MEASURES = tuple(sorted({w for words in _ALLOWED.values() for w in words} | {*_OTHERS.split()}, key=len, reverse=True))

PERSON_UNITS = frozenset(("人", "名", "位", "个人", "口", "口人", "号人", "人次", "员"))

MONEY = {"元": 1, "千元": 1000, "万元": 10000, "万": 10000, "百万元": 1000000, "亿元": 10**8}
AREA = {"平方米": 1, "㎡": 1, "m2": 1, "平米": 1, "亩": 666.67, "公顷": 10000}
SECONDS = {"秒": 1, "分钟": 60, "分": 60, "小时": 3600}


FACTORS = {
    ("公斤", "斤"): "0.5", ("斤", "公斤"): "2", ("公斤", "吨"): "1000", ("吨", "公斤"): "0.001", ("斤", "吨"): "2000",
    ("吨", "斤"): "0.0005", ("公斤", "kg"): "1", ("米", "公里"): "1000", ("米", "里"): "500", ("米", "厘米"): "0.01",
    ("公里", "米"): "0.001", ("公里", "里"): "0.5", ("厘米", "米"): "100",
}  # fmt: skip
"""(asked, said): what to multiply by."""


def exact(asked: str, said: str) -> bool:
    """The very unit asked for (人/名/位 count as one)."""
    if asked in ("人", "名", "位"):
        return said in PERSON_UNITS
    return said.removeprefix("个") == asked or said == asked or (asked == "个" and "班" in said)


def fits(asked: str, said: str) -> bool:
    """Whether an amount of `said` can answer a question counted in `asked`; no unit said fits any."""
    if not said or (asked, said) in FACTORS:
        return True
    return said in _ALLOWED.get(asked, frozenset((asked, "个", "个" + asked)))
