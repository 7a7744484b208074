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
    # -- tally and index -----------------------------------------------------------------------
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
    # -- report and command line ---------------------------------------------------------------
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
