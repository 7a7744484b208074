"""Names for a county that never was: townships and organisations put together from word lists.

Every name is made by rule. Whatever real place or body bears one of them, nothing here is about it.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

REGION: Final = ("示例省", "示例市", "示例县")

_HEADS: Final = tuple(
    "清云石柳松竹桃梅鹤凤锦银翠霜丹枫碧澄岚芦苇荷菱棠榆桐桂兰菊葛杉柏橘莲芳白青红紫黄蓝玉雁鹭鹿"
    "月星露雪虹晴烟雾沙岩砚瓦陶茶麦豆稻桑麻椿槐楠樟"
)
_TAILS: Final = tuple("溪岭桥塘坪湾泉滩岗川林坡渡洲源浦峪垭泽汀井店坝垄圩湖")
_KINDS: Final = ("镇", "乡")
_PREFIXES: Final = ("", *"东西南北上下大小新老前后内外中左右高低远近长短宽深浅")

_VILLAGE_HEADS: Final = tuple("柳石槐枣桃杏松沙井田坝苇荷青白红高前后中")
_VILLAGE_TAILS: Final = tuple("树桥庄沟坪塘岗湾坡寨屯垄畈坳圩埠")
_FIRMS: Final = ("恒信", "宏达", "锦程", "瑞丰", "天成", "汇通", "永固", "嘉禾", "启明", "博远")
_TRADES: Final = ("机械公司", "食品公司", "服装公司", "建材公司", "电子公司", "家具公司")

# The bodies of one township, by sector; a township never has more of a sector than its list.
BODIES: Final = MappingProxyType(
    {
        "village": tuple(f"{a}{b}村" for a in _VILLAGE_HEADS for b in _VILLAGE_TAILS),
        "community": (
            *("和平社区", "幸福社区", "光明社区", "朝阳社区", "建设社区", "文昌社区"),
            *("学府社区", "滨河社区", "康宁社区", "福安社区", "永乐社区", "翠园社区"),
            *("站前社区", "东苑社区", "西苑社区", "南苑社区"),
        ),
        "state_enterprise": (
            *("粮库", "供水公司", "供销公司", "国有林场", "公交公司", "燃气公司"),
            *("城投公司", "盐业公司", "供热公司", "水电站", "路桥公司", "种子公司"),
        ),
        "private_enterprise": tuple(f"{a}{b}" for a in _FIRMS for b in _TRADES),
        "government_organ": (
            *("机关", "财政所", "司法所", "税务所", "派出所", "市场监管所", "自然资源所"),
            *("人民法庭", "应急管理所", "综合执法队", "统计所", "生态环境所"),
        ),
        "public_institution": (
            *("卫生院", "农技站", "文化站", "敬老院", "兽医站", "水利站", "林业站"),
            *("广播站", "图书馆", "福利院", "农机站", "便民服务中心"),
        ),
        "school": (
            *("中心小学", "初级中学", "第二小学", "实验小学", "职业中学", "中心幼儿园"),
            *("第三小学", "第二中学", "第四小学", "特殊教育学校", "第五小学", "第三中学"),
        ),
        "social_organisation": (
            *("养蜂协会", "志愿者协会", "果业协会", "商会", "老年体育协会", "书画协会"),
            *("慈善会", "法律援助中心", "茶业协会", "社工服务中心", "渔业协会", "农机协会"),
        ),
    }
)


def pick(words: tuple[str, ...], codes: npt.NDArray[np.int64]) -> pd.Series:
    """Return the words at these positions as a text series; -1 is missing.

    Examples
    --------
    >>> pick(("a", "b"), np.array([1, 0, -1])).to_list()
    ['b', 'a', nan]
    """
    return pd.Series(pd.array(list(words), dtype="str").take(codes, allow_fill=True))


def township_names(count: int, rng: np.random.Generator) -> pd.Series:
    """Return distinct names of townships; the rarer, prefixed ones only when they are needed.

    Examples
    --------
    >>> township_names(3, np.random.default_rng(1)).str[-1].isin(["镇", "乡"]).all()
    np.True_
    """
    plain = len(_HEADS) * len(_TAILS)
    prefixes = 1 if count <= plain else len(_PREFIXES)
    chosen = rng.choice(plain * prefixes, size=count, replace=False)
    place, prefix = chosen % plain, chosen // plain
    kind = (rng.random(count) < 0.3).astype(np.int64)
    return (
        pick(_PREFIXES, prefix)
        + pick(_HEADS, place // len(_TAILS))
        + pick(_TAILS, place % len(_TAILS))
        + pick(_KINDS, kind)
    )


def body_names(
    sector: str,
    township: npt.NDArray[np.int64],
    number: npt.NDArray[np.int64],
    rng: np.random.Generator,
) -> pd.Series:
    """Return names of the ``number``-th body of a sector in each township, distinct within it.

    Each township walks the list from its own start, by steps that meet no name twice.

    Examples
    --------
    >>> town, number = np.array([0, 0, 1]), np.array([0, 1, 0])
    >>> body_names("school", town, number, np.random.default_rng(0)).str.len().min() > 2
    np.True_
    """
    bodies = BODIES[sector]
    steps = np.array([k for k in range(1, len(bodies)) if np.gcd(k, len(bodies)) == 1])
    towns = int(township.max()) + 1
    start = rng.integers(len(bodies), size=towns)
    step: npt.NDArray[np.int64] = rng.choice(steps, size=towns)
    return pick(bodies, (start[township] + step[township] * number) % len(bodies))
