"""Chinese and English words for everything that is shown to people; the language is chosen per call.

A word's key is dotted: its family, then its code (``domain.rural``, ``grade.good``,
``chart.ranking.title``). Codes travel through the code; words appear only where people read.
"""

from __future__ import annotations

from typing import Final, Literal

Language = Literal["zh", "en"]

WORDS: Final[dict[str, tuple[str, str]]] = {
    # -- shared vocabulary ---------------------------------------------------------------------
    "org": ("党组织", "organisation"),
    "name": ("名称", "name"),
    "domain": ("领域", "domain"),
    "sector": ("类型", "sector"),
    "period": ("考评期", "period"),
    "dimension": ("一级指标", "dimension"),
    "indicator": ("指标", "indicator"),
    "weight": ("权重", "weight"),
    "value": ("原始值", "value"),
    "score": ("得分", "score"),
    "rank": ("名次", "rank"),
    "grade": ("等次", "grade"),
    "overall": ("综合得分", "overall score"),
    "domain.rural": ("农村（村、社区）", "rural"),
    "domain.enterprise": ("企业", "enterprise"),
    "domain.organs": ("机关事业", "organs"),
    "sector.village": ("村", "village"),
    "sector.community": ("社区", "community"),
    "sector.state_enterprise": ("国有企业", "state enterprise"),
    "sector.private_enterprise": ("非公有制企业", "private enterprise"),
    "sector.building": ("楼宇", "office building"),
    "sector.government_organ": ("机关", "government organ"),
    "sector.public_institution": ("事业单位", "public institution"),
    "sector.school": ("学校", "school"),
    "sector.social_organisation": ("社会组织", "social organisation"),
    # -- tables and problems -------------------------------------------------------------------
    # The words for codes as they may be written in the tables; reading knows every one of them.
    "source.self": ("基层自评", "self"),
    "source.mass": ("群众测评", "mass"),
    "source.superior": ("组织考评", "superior"),
    "source.line": ("条", "line"),
    "source.area": ("块", "area"),
    "source.record": ("统计数据", "record"),
    "kind.base": ("基础分", "base"),
    "kind.bonus": ("加分", "bonus"),
    "kind.deduction": ("扣分", "deduction"),
    "evidence.listen": ("听", "listen"),
    "evidence.look": ("看", "look"),
    "evidence.check": ("查", "check"),
    "evidence.walk": ("走", "walk"),
    "evidence.visit": ("访", "visit"),
    "service.reform": ("服务改革", "reform"),
    "service.development": ("服务发展", "development"),
    "service.livelihood": ("服务民生", "livelihood"),
    "service.masses": ("服务群众", "masses"),
    "service.members": ("服务党员", "members"),
    "need.schooling": ("上学", "schooling"),
    "need.medical": ("看病", "medical"),
    "need.employment": ("就业", "employment"),
    "need.elderly_care": ("养老", "elderly care"),
    "need.housing": ("住房", "housing"),
    "need.dispute": ("矛盾化解", "dispute"),
    "need.other": ("其他", "other"),
    "channel.members": ("党员反映", "members"),
    "channel.reception": ("接访", "reception"),
    "channel.leaders": ("领导联系基层", "leaders"),
    "channel.social_groups": ("社会团体", "social groups"),
    "channel.deputies": ("两代表一委员", "deputies"),
    "channel.network": ("网络", "network"),
    "channel.hotline": ("热线", "hotline"),
    "channel.visits": ("走访", "visits"),
    "channel.post": ("来信", "post"),
    "tier.village": ("村级", "village"),
    "tier.township": ("乡镇级", "township"),
    "tier.county": ("县级", "county"),
    "way.direct": ("直接办理", "direct"),
    "way.promised": ("承诺办理", "promised"),
    "way.explicit_reply": ("明确答复", "explicit reply"),
    "way.agency": ("代办", "agency"),
    "disposal.solved": ("解决", "solved"),
    "disposal.relayed": ("传递", "relayed"),
    "disposal.mobilised": ("动员", "mobilised"),
    "visit.hardship": ("困难群众", "hardship"),
    "visit.elderly_alone": ("空巢老人", "elderly alone"),
    "visit.children_left_behind": ("留守儿童", "children left behind"),
    "visit.disabled": ("残疾家庭", "disabled"),
    "visit.migrant_members": ("流动党员", "migrant members"),
    "visit.unemployed": ("失业人员", "unemployed"),
    "respondent.member": ("党员", "member"),
    "respondent.mass": ("群众", "mass"),
    "answer.satisfied": ("满意", "satisfied"),
    "answer.mostly_satisfied": ("基本满意", "mostly satisfied"),
    "answer.average": ("一般", "average"),
    "answer.dissatisfied": ("不满意", "dissatisfied"),
    "answer.unknown": ("不了解", "unknown"),
    "level.committee": ("党委", "committee"),
    "level.general_branch": ("党总支", "general branch"),
    "level.branch": ("党支部", "branch"),
    "level.group": ("党小组", "group"),
    "core_role.leadership_core": ("领导核心", "leadership core"),
    "core_role.political_core": ("政治核心", "political core"),
    "tag.old_revolutionary": ("老区", "old revolutionary"),
    "tag.ethnic": ("民族", "ethnic"),
    "tag.border": ("边疆", "border"),
    "tag.poor": ("贫困", "poor"),
    # -- tally and index -----------------------------------------------------------------------
    "measure.volume": ("服务事项数", "service events"),
    "measure.volume_per_100_households": ("每百户服务事项数", "service events per 100 households"),
    "measure.volume_per_100_members": ("每百名党员服务事项数", "service events per 100 members"),
    "measure.on_time_share": ("按期办结率（含在办，生存分析）", "on-time share (open cases censored)"),
    "measure.closed_on_time_share": ("按期办结率（只计已办结）", "on-time share of closed cases"),
    "measure.registered_on_time_share": (
        "按期办结率（以全部登记为分母）",
        "on-time share of all registered cases",
    ),
    "measure.median_days": ("办理天数中位数", "median handling days"),
    "measure.p90_days": ("办理天数第 90 百分位", "90th percentile of handling days"),
    "measure.open_share": ("在办率", "share still open"),
    "measure.one_visit_share": ("一次办结率", "share settled in one visit"),
    "measure.agency_share": ("代办率", "share handled by an agent"),
    "measure.satisfaction": ("服务事项满意度", "satisfaction with the events"),
    "measure.visit_groups_covered": ("走访对象覆盖类数", "visit groups covered"),
    "count.events": ("服务事项", "service events"),
    "count.households": ("户数", "households"),
    "count.members": ("党员数", "members"),
    "count.events_on_time": ("按期办结事项（估计）", "events settled on time (estimated)"),
    "count.events_due": ("有承诺期限的事项", "events with a deadline"),
    "count.closed_on_time": ("已按期办结事项", "events closed on time"),
    "count.closed_due": ("有承诺期限的已办结事项", "closed events with a deadline"),
    "count.events_open": ("在办事项", "open events"),
    "count.events_one_visit": ("一次办结事项", "events settled in one visit"),
    "count.events_times_known": ("登记了次数的事项", "events with the number of visits recorded"),
    "count.events_agency": ("代办事项", "events handled by an agent"),
    "count.events_way_known": ("登记了办理方式的事项", "events with the way recorded"),
    "count.scale_points": ("满意度折算值合计", "sum of satisfaction points"),
    "count.events_rated": ("有满意度评价的事项", "events rated by those served"),
    "count.visit_groups": ("已走访对象类别", "visit groups"),
    "unit.points": ("分", "points"),
    "unit.share": ("比例", "share"),
    "unit.ratio": ("倍", "ratio"),
    "unit.days": ("天", "days"),
    "unit.events": ("件", "events"),
    "unit.groups": ("类", "groups"),
    "unit.hours": ("小时", "hours"),
    "unit.hours_per_member": ("小时/人", "hours per member"),
    "unit.persons": ("人次", "persons"),
    "unit.times": ("次", "times"),
    "unit.events_per_100_households": ("件/百户", "events per 100 households"),
    "unit.events_per_100_members": ("件/百名党员", "events per 100 members"),
    "unit.households_per_grid": ("户/网格", "households per grid"),
    "indicators": ("二级指标", "indicators"),
    "dimensions": ("一级指标", "dimensions"),
    "methods.index": (
        "采用“{framework}”指标体系（版本 {version}，{dimensions} 个一级指标、{indicators} 个二级指标），"
        "对 {organisations} 个党组织 {periods} 的数据进行综合评价。指标标准化：{normalise}；"
        "赋权：{weights}；合成：{aggregate}。一级指标和综合得分须有不少于 {available} 权重的数据，"
        "缺失指标的权重按比例分配给其余指标，不作填补；平均数据完备率为 {coverage}。",
        "A composite index was built on the framework “{framework}” (version {version}, {dimensions} "
        "dimensions, {indicators} indicators) for {organisations} organisations in {periods}. "
        "Normalisation: {normalise}; weights: {weights}; aggregation: {aggregate}. A dimension and "
        "the overall score are given where at least {available} of the weight is present; the "
        "weights of missing indicators are spread over the others and nothing is imputed; on "
        "average {coverage} of the weight was present.",
    ),
    "normalise.minmax": ("极差标准化（全部党组织、全部考评期）", "min–max over all organisations and periods"),
    "normalise.goalposts": ("按指标体系给定的上下界标准化", "goalposts of the framework, capped"),
    "normalise.zscore": ("Z 分数标准化", "z-scores"),
    "normalise.rank": ("按名次标准化", "ranks"),
    "normalise.score_rate": ("得分率（得分÷满分）", "score rate (score ÷ full mark)"),
    "normalise.given": ("使用者给定的函数", "a function given by the user"),
    "weights.framework": ("指标体系给定的权重", "as declared in the framework"),
    "weights.equal": ("等权", "equal weights"),
    "weights.entropy": ("熵权法", "entropy weights"),
    "weights.critic": ("CRITIC 法", "CRITIC weights"),
    "weights.given": ("使用者给定的权重", "given by the user"),
    "aggregate.arithmetic": ("加权算术平均", "weighted arithmetic mean"),
    "aggregate.geometric": ("加权几何平均", "weighted geometric mean"),
    "aggregate.given": ("使用者给定的函数", "a function given by the user"),
    # -- analyses ------------------------------------------------------------------------------
    # -- charts --------------------------------------------------------------------------------
    "chart.unstated": ("未注明", "not stated"),
    "chart.of_period": ("{}（{}）", "{} ({})"),
    "chart.year": ("{}年", "{}"),
    "chart.part_of_year": ("{0}{1}", "{1} {0}"),
    "chart.parts.2": ("上半年 下半年", "H1 H2"),
    "chart.parts.4": ("一季度 二季度 三季度 四季度", "Q1 Q2 Q3 Q4"),
    "chart.parts.12": (
        "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
        "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec",
    ),
    "chart.gap": ("…… 中间 {} 个未显示 ……", "… {} in between not shown …"),
    "chart.cut": ("…… 其余 {} 个未显示 ……", "… {} others not shown …"),
    "chart.unscored": ("另有 {} 个无得分，未显示", "{} without a score, not shown"),
    "chart.thinned": ("每组至多画 {} 个点", "at most {} points drawn in each group"),
    "chart.weight": ("总权重（%）", "global weight (%)"),
    "chart.weight_local": (
        "总权重（%），括号内为在一级指标中的权重",
        "global weight (%), in brackets the weight within the dimension",
    ),
    "chart.organisations": ("组织数", "number of organisations"),
    "chart.interval": ("中位数与5%–95%区间", "median and 5–95% interval"),
    "chart.given_rank": ("原名次", "rank as built"),
    "chart.before": ("上期等次", "grade before"),
    "chart.after": ("本期等次", "grade after"),
    "chart.transition": (
        "格内为转移概率，括号内为组织数",
        "in the cells: probability, in brackets the number of organisations",
    ),
    # -- report and command line ---------------------------------------------------------------
    "report.table": ("表{n}", "Table {n}"),
    "report.figure": ("图{n}", "Figure {n}"),
    "report.contents": ("目录", "Contents"),
    "report.sheet.guide": ("说明", "Guide"),
    "report.sheet.sheet": ("工作表", "sheet"),
    "report.sheet.title": ("内容", "contents"),
    "report.sheet.rows": ("行数", "rows"),
    "report.sheet.notes": ("注", "notes"),
    "report.sheet.dash": (
        "每张工作表第一行为表头；“—”表示缺失、不适用或人数不足不予公布。",
        "The first row of each sheet is its head; “—”: missing, not applicable or suppressed.",
    ),
}


def word(key: str, language: Language = "zh") -> str:
    """Return the word for a key.

    Parameters
    ----------
    key : str
        A key of ``WORDS``. A key that is not there is returned as it is: names of indicators and
        organisations pass through unharmed.
    language : {"zh", "en"}
        The language of the word.

    Returns
    -------
    str

    Raises
    ------
    ValueError
        For another language.

    Examples
    --------
    >>> word("domain.rural"), word("domain.rural", "en")
    ('农村（村、社区）', 'rural')
    """
    if language not in ("zh", "en"):
        raise ValueError(f'language must be "zh" or "en", got {language!r}. Give one of the two.')
    pair = WORDS.get(key)
    return key if pair is None else pair[language == "en"]
