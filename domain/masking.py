"""Words made fit to leave the bureau: telephones, people and schools replaced, figures and days left as they are."""

from __future__ import annotations

import re
from collections.abc import Iterable

from domain.naming import UnitName, mentions

SCHOOL, PERSON, TOWNSHIP, NUMBER = "某校", "某某", "某镇", "000"

_SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟"
    "汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_TITLED = re.compile(
    rf"[{_SURNAMES}](?=(?:副?校长|老师|主任|副?股长|干事|副?园长|书记|会计|局长|站长|教导|师傅|科长|组长))"
)
_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(?:1\d{2}[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8})(?!\d)|\d{7,}")
_SOME_SCHOOL = re.compile(
    r"(?<![一-鿿])[一-鿿]{2,6}(?:镇|乡|村)?(?:中心)?(?:小学|中学|幼儿园|完小|村小|教学点)(?=[一-鿿\s,,。;;::\d]|$)"
)
_NO_NAME = re.compile(r"我们?|全[县镇乡校]|农村|本|所有|各|中心小学$|九年|初中|高中|附属")


def masked(words: str, schools: Iterable[UnitName], people: Iterable[str], places: Iterable[str] = ()) -> str:
    """`schools` by every name they have, `people` by name and salutation, `places` such as townships."""
    words = _PHONE.sub(NUMBER, words)
    for mention in reversed(mentions(schools, words)):
        words = f"{words[: mention.start]}{SCHOOL}{words[mention.end :]}"
    for name in sorted({name for name in people if len(name) > 1}, key=len, reverse=True):
        words = words.replace(name, PERSON)
    for place in sorted({place for place in places if len(place) > 1}, key=len, reverse=True):
        words = words.replace(place, TOWNSHIP)
    words = _SOME_SCHOOL.sub(lambda found: found[0] if _NO_NAME.search(found[0]) else SCHOOL, words)
    return _TITLED.sub("某", words)
