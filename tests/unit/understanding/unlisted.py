# ruff: noqa: E501
"""Indicators no lexicon knows, with the ways people answer them: for the composer."""

from __future__ import annotations

from tests.unit.understanding.composed import Kind, Tables, count

COUNTS: tuple[Kind, ...] = (
    count("lib_books", "图书馆藏书册数", "册", "藏书{n}{u} 图书馆藏书{n}{u} 图书馆有书{n}{u}", low=800, high=9000, top=90000, units="册 本"),
    count("post", "护学岗执勤人数", "人", "护学岗{n}{u} 护学岗执勤{n}{u} 执勤{n}{u}", low=3, high=20, units="人 名"),
    count("tutor", "本月心理辅导人次", "人次", "心理辅导{n}{u} 辅导{n}{u} 开展心理辅导{n}{u} 个别辅导{n}{u}", low=3, high=50, units="人次"),
    count("broadcast", "本月安全广播次数", "次", "安全广播{n}{u} 广播了{n}{u} 安全广播播了{n}{u}", high=20, none="安全广播没搞 没有广播"),
    count("lamps", "更换教室灯具盏数", "盏", "更换灯具{n}{u} 换灯{n}{u} 教室灯具换了{n}{u}", low=4, high=60),
    count("poor", "受资助困难学生人数", "人", "资助困难学生{n}{u} 困难学生{n}{u} 受资助学生{n}{u}", low=5, high=90, units="人 名"),
    count("meal", "享受营养餐学生人数", "人", "营养餐{n}{u} 享受营养餐{n}{u} 吃营养餐的{n}{u} 营养餐学生{n}{u}", low=60, high=900, top=5000, units="人 名"),
    count("club", "学生社团个数", "个", "社团{n}{u} 学生社团{n}{u} 有{n}{u}社团 开了{n}{u}社团", high=20, none="没有社团"),
    count("guard", "专职保安人数", "名", "保安{n}{u} 专职保安{n}{u} {n}{u}保安 配了{n}{u}保安", high=9, units="名 人 个"),
    count("camera", "视频监控探头数", "个", "监控探头{n}{u} 探头{n}{u} 监控{n}{u} 装了{n}{u}探头", low=8, high=90),
    count("doc", "本月印发文件份数", "份", "印发文件{n}{u} 发文{n}{u} 文件{n}{u} 印发了{n}{u}文件", high=20),
    count("downs", "本月下校次数", "次", "下校{n}{u} 下校督查{n}{u} 下了{n}{u}校", high=12),
    count("left_behind", "留守儿童人数", "人", "留守儿童{n}{u} 留守{n}{u} {n}{u}留守儿童", low=5, high=300, top=3000, units="人 名 个"),
    count("flag", "本月国旗下讲话次数", "次", "国旗下讲话{n}{u} 讲话{n}{u} 国旗下讲话搞了{n}{u}", high=5),
    count("disinfect", "本月校园消毒次数", "次", "消毒{n}{u} 校园消毒{n}{u} 消毒了{n}{u}", high=30, none="没消毒"),
    count("dropout", "本学期辍学学生人数", "人", "辍学{n}{u} 辍学学生{n}{u} 有{n}{u}辍学", high=5, units="人 名 个", none="没有辍学 无辍学学生"),
    count("absent", "今日因病缺课学生人数", "人", "缺课{n}{u} 因病缺课{n}{u} {n}{u}生病没来 病假{n}{u}", high=9, units="人 名 个"),
    count("sports", "本学期体育比赛场数", "场", "体育比赛{n}{u} 比赛{n}{u} 办了{n}{u}体育比赛", high=9),
)  # fmt: skip
_RATIOS = tuple(
    ({"key": key, "label": label, "type": "ratio", "unit": unit}, says, top)
    for key, label, unit, says, top in (
        ("shots", "疫苗已补种人数/应补种人数", "人", ("应补种{b}人，已补种{a}人", "补种{a}/{b}", "{b}人应补种，补了{a}人", "应补{b}人，还差{c}人"), 40),
        ("certs", "持健康证人数/食堂从业人员总数", "人", ("从业人员{b}人，持证{a}人", "食堂{b}人，{a}人有健康证", "健康证{a}/{b}", "从业人员共{b}人，{a}人持健康证"), 20),
        ("signed", "安全责任书已签份数/应签份数", "份", ("责任书应签{b}份，已签{a}份", "责任书签了{a}份，应签{b}份", "责任书{a}/{b}", "应签{b}份，还有{c}份没签"), 90),
        ("desks", "课桌椅已维修套数/需维修套数", "套", ("需维修{b}套，已维修{a}套", "课桌椅修了{a}套，共{b}套要修", "课桌椅{a}/{b}", "需修{b}套，修好{a}套"), 60),
        ("visits2", "家访已访户数/应访户数", "户", ("应访{b}户，已访{a}户", "家访{a}/{b}", "家访应访{b}户，实访{a}户", "走访{a}户，应访{b}户"), 150),
        ("eyes", "视力筛查已查人数/应查人数", "人", ("应查{b}人，已查{a}人", "视力筛查{a}/{b}", "筛查应到{b}人，实查{a}人", "应筛查{b}人，{c}人请假没查"), 900),
        ("buses", "校车已检修数/校车总数", "辆", ("校车{b}辆，检修{a}辆", "校车共{b}辆，已检{a}辆", "检修校车{a}/{b}", "{b}辆校车检修了{a}辆"), 12),
    )
)  # fmt: skip
_PERCENTS = tuple(
    ({"key": key, "label": label, "type": "percent", "unit": "%", "min": 0, "max": 100}, tuple(says.split()))
    for key, label, says in (
        ("fit", "体质健康达标率", "达标率{p} 体质达标率{p} 体质健康达标率{p}"),
        ("content", "家长满意率", "满意率{p} 家长满意率{p} 家长满意度{p}"),
        ("after", "课后服务学生参与率", "课后服务参与率{p} 课后服务{p} 参与课后服务的学生占{p}"),
        ("sight", "学生近视率", "近视率{p} 学生近视率{p} 近视的占{p}"),
        ("files", "学生心理建档率", "建档率{p} 心理建档率{p} 心理档案建档率{p}"),
    )
)
_DATES = (
    ({"key": "parents", "label": "最近一次家长会日期", "type": "date", "unit": None, "max": "2026-11-23"},
     ("家长会{d}开的", "{d}开的家长会", "最近一次家长会{d}", "家长会是{d}"), -1),
    ({"key": "issue", "label": "方案印发日期", "type": "date", "unit": None, "max": "2026-11-23"},
     ("方案{d}印发", "{d}印发的方案", "方案印发日期{d}"), -1),
    ({"key": "end", "label": "预计竣工日期", "type": "date", "unit": None, "min": "2026-11-23"},
     ("预计{d}竣工", "竣工日期{d}", "{d}前竣工"), 1),
)  # fmt: skip
_BOOLS = tuple(
    ({"key": key, "label": label, "type": "bool", "unit": None}, tuple(yes.split()), tuple(no.split()))
    for key, label, yes, no in (
        (
            "shut",
            "校园是否实行封闭管理",
            "校园封闭管理 已实行封闭管理 实行封闭管理 封闭管理",
            "没有封闭管理 还没实行封闭管理",
        ),
        (
            "alarm",
            "一键报警装置是否联网",
            "一键报警已联网 报警装置联网了 一键报警联网",
            "报警装置还没联网 一键报警没联网",
        ),
        ("samples", "食堂食品是否按规定留样", "食品按规定留样 食堂留样了 每餐都留样", "食堂没有留样 没留样"),
        ("doctor", "是否配备专职校医", "配备了校医 有专职校医 校医已配备", "没有校医 未配备校医 还没配校医"),
        ("fees", "是否公示收费项目", "收费项目已公示 收费公示了 公示了收费项目", "收费没公示 还没公示收费项目"),
        ("room", "是否设立家长接待室", "家长接待室已设立 设立了接待室 有接待室", "没有接待室 接待室还没设立"),
        ("ledger", "是否建立隐患排查台账", "台账已建立 建立了台账 隐患台账有", "台账还没建 没有台账"),
        (
            "cards",
            "是否执行接送卡制度",
            "接送卡制度执行了 严格执行接送卡制度 执行接送卡制度",
            "没执行接送卡制度 接送卡制度还没执行",
        ),
    )
)
_GROUPS = (
    ("lib_books", "club", "flag", "sports", "content", "parents"), ("post", "guard", "camera", "shut", "alarm", "broadcast"),
    ("meal", "certs", "samples", "disinfect", "absent", "shots"), ("poor", "left_behind", "dropout", "visits2", "tutor", "files"),
    ("signed", "ledger", "doc", "downs", "issue", "end"), ("lamps", "desks", "buses", "doctor", "fees", "room"),
    ("eyes", "sight", "fit", "after", "cards", "parents"),
)  # fmt: skip


UNLISTED = Tables(COUNTS, _RATIOS, _PERCENTS, (), (), _DATES, _BOOLS, (), _GROUPS)
