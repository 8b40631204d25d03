"""The names people use for a unit: 第一小学 is 一小, a township's central primary school 镇小 or 中心校."""

from __future__ import annotations

import re

_COUNTY = re.compile(r"^(?:[一-鿿]{2,6}?省)?(?:[一-鿿]{2,6}?市)?[一-鿿]{1,4}?[县区](?=[一-鿿]{2})")
_TOWNSHIP = re.compile(r"^([一-鿿]{1,4}?)(镇|乡|街道)(?=[一-鿿]{2})")

_SHORTER: tuple[tuple[str, str], ...] = (
    (r"第([一二三四五六七八九十]+)小学$", r"\1小"),
    (r"第([一二三四五六七八九十]+)(?:初级|高级)?中学$", r"\1中"),
    (r"第([一二三四五六七八九十]+)幼儿园$", r"\1幼"),
    (r"实验小学$", "实小"),
    (r"实验中学$", "实中"),
    (r"中心小学$", "中心校"),
    (r"中心小学$", "小学"),
    (r"中心小学$", "小"),
    (r"中心(?:幼儿园)$", "中心园"),
    (r"中心幼儿园$", "幼儿园"),
    (r"中心学校$", "中心校"),
    (r"中心学校$", "学校"),
    (r"九年一贯制学校$", "学校"),
    (r"九年一贯制学校$", "九年制学校"),
    (r"九年一贯制学校$", "一贯制学校"),
    (r"(?:初级|高级)中学$", "中学"),
    (r"初级中学$", "初中"),
    (r"(?<!初级)(?<!高级)中学$", "中"),
    (r"高级中学$", "高中"),
    (r"完全小学$", "完小"),
    (r"小学$", "小"),
    (r"幼儿园$", "幼"),
    (r"特殊教育学校$", "特校"),
    (r"特殊教育学校$", "特教学校"),
    (r"职业(?:技术)?(?:高级)?(?:中学|学校|高中)$", "职高"),
)
_GENERIC = re.compile(r"^(?:中心)?(?:小学|中学|学校|幼儿园|小|中|幼|高中|初中|园|完小|教学点)$")


def aliases(name: str) -> tuple[str, ...]:
    """Generated short names, most natural first, without the name itself; never a bare 小学 or 学校."""
    found: dict[str, None] = {}
    for body in _bodies(name):
        found[body] = None
        for pattern, shorter in _SHORTER:
            found[re.sub(pattern, shorter, body)] = None
    for special in _specials(name):
        found[special] = None
    return tuple(alias for alias in found if alias != name and len(alias) > 1 and not _GENERIC.match(alias))


def _bodies(name: str) -> list[str]:
    """The name, without the county, without 镇, without the township."""
    short = _COUNTY.sub("", name)
    bodies = [name, short]
    township = _TOWNSHIP.match(short)
    if township:
        bodies += [township[1] + short[township.end() :], short[township.end() :]]
    elif short != name:
        bodies.append(name[: len(name) - len(short)][-1] + short)  # 县第一小学, from which 县一小
    return list(dict.fromkeys(bodies))


def _specials(name: str) -> list[str]:
    short = _COUNTY.sub("", name)
    township = _TOWNSHIP.match(short)
    if not township or not short.endswith(("中心小学", "中心学校", "中心幼儿园")):
        return []
    kind = township[2][-1]
    if short.endswith("幼儿园"):
        return [f"{kind}幼", f"{township[1]}{kind}幼", "中心园"]
    return [f"{kind}小", f"{township[1]}{kind}小", "中心校"]
