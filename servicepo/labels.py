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
