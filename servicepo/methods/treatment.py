"""Treatment before normalisation: screening, denomination, outliers and skewed distributions.

Everything answers with new frames and says cell by cell what was changed; NaN stays NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import scipy

from ..errors import MethodError
from .guards import FloatArray, as_matrix, choose, listed


@dataclass(frozen=True, eq=False, slots=True)
class Screened:
    """What is left after screening by availability.

    Attributes
    ----------
    values : DataFrame
        The rows and columns that were kept.
    organisations : DataFrame
        Rows as given: ``available`` (share of the kept indicators that are present), ``nonzero``
        (share of the present ones that are not 0; NaN where none is), ``kept``.
    indicators : DataFrame
        One row per indicator: ``available`` (share of all rows), ``kept``.
    """

    values: pd.DataFrame
    organisations: pd.DataFrame
    indicators: pd.DataFrame

    def __repr__(self) -> str:
        """Return one line."""
        rows, columns = self.values.shape
        return (
            f"Screened({rows} of {len(self.organisations)} rows, "
            f"{columns} of {len(self.indicators)} indicators kept)"
        )


def screen(
    values: pd.DataFrame,
    *,
    organisations: float = 2 / 3,
    indicators: float = 2 / 3,
    nonzero: float = 0.0,
) -> Screened:
    """Drop indicators, then rows, of which too little is available, and rows of zeros.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; NaN is missing.
    organisations : float
        Least share (0..1) of the kept indicators that a row must have.
    indicators : float
        Least share (0..1) of the rows that an indicator must have.
    nonzero : float
        Least share (0..1) of a row's present values that must not be 0: a ledger that was never
        filled in often comes as zeros.

    Returns
    -------
    Screened

    Raises
    ------
    MethodError
        For shares outside 0..1, or where nothing is left.

    References
    ----------
    OECD/JRC (2008), p. 24; the rule of two thirds is common. Becker et al. (2022), COINr, JOSS
    7(78), 4567, for the share of non-zeros.

    Examples
    --------
    >>> values = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [np.nan, np.nan, 1.0]})
    >>> screen(values)
    Screened(3 of 3 rows, 1 of 2 indicators kept)
    """
    array = as_matrix(values, what="values", missing=True)
    shares = {"organisations": organisations, "indicators": indicators, "nonzero": nonzero}
    for name, share in shares.items():
        if not 0 <= share <= 1:
            raise MethodError(f"{name} must be a share in 0..1, got {share!r}. Give 2/3 or such.")
    present = ~np.isnan(array)
    columns = pd.DataFrame({"available": present.mean(axis=0)}, index=values.columns)
    columns["kept"] = columns["available"] >= indicators - 1e-12
    wide = present[:, columns["kept"].to_numpy()]
    share_of_row = wide.mean(axis=1) if wide.shape[1] else np.zeros(len(values))
    rows = pd.DataFrame({"available": share_of_row}, index=values.index)
    number = wide.sum(axis=1)
    zeros = (array[:, columns["kept"].to_numpy()] == 0).sum(axis=1)
    rows["nonzero"] = 1 - np.divide(
        zeros, number, out=np.full(len(array), np.nan), where=number > 0
    )
    rows["kept"] = (rows["available"] >= organisations - 1e-12) & ~(
        rows["nonzero"] < nonzero - 1e-12
    )
    if not rows["kept"].any() or not columns["kept"].any():
        raise MethodError(
            "something must be available enough to be kept, got nothing. "
            "Lower the shares or look for missing files."
        )
    return Screened(values.loc[rows["kept"], columns["kept"].to_numpy()], rows, columns)


def denominate(
    values: pd.DataFrame,
    denominators: pd.DataFrame,
    by: Mapping[Any, str],
    *,
    per: float = 1.0,
) -> pd.DataFrame:
    """Divide indicators by what they are to be seen against: households, members, staff.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; rows (org, period) or org.
    denominators : DataFrame
        Indexed by org, or with the rows of ``values``.
    by : mapping
        Indicator -> column of ``denominators``; other indicators stay as they are.
    per : float
        100 gives values per 100 households.

    Returns
    -------
    DataFrame
        As ``values``; NaN where either number is missing.

    Raises
    ------
    MethodError
        For an unknown column, or a denominator of 0 or less (naming the organisations).

    Examples
    --------
    >>> values = pd.DataFrame({"visits": [30.0, 10.0]}, index=["甲村", "乙村"])
    >>> denominate(values, pd.DataFrame({"households": [300, 50]}, index=["甲村", "乙村"]),
    ...            {"visits": "households"}, per=100)
        visits
    甲村    10.0
    乙村    20.0
    """
    if lost := [code for code in by if code not in values.columns]:
        raise MethodError(
            f"by must name columns of values, got {listed(lost)}. "
            f"Take some of {listed(values.columns, most=40)}."
        )
    if lost := [name for name in by.values() if name not in denominators.columns]:
        raise MethodError(
            f"by must lead to columns of denominators, got {listed(lost)}. "
            f"Take some of {listed(denominators.columns, most=40)}."
        )
    index = values.index
    if isinstance(index, pd.MultiIndex) and not isinstance(denominators.index, pd.MultiIndex):
        index = index.get_level_values(0)
    matched = denominators.reindex(index)
    result = values.copy()
    for code, name in by.items():
        below = matched[name].to_numpy(dtype=float, na_value=np.nan)
        if (below <= 0).any():
            raise MethodError(
                f"a denominator must be above 0, got 0 or less in {name!r} for "
                f"{listed(index[below <= 0].unique())}. Correct it or mark it as missing."
            )
        result[code] = values[code].to_numpy(dtype=float, na_value=np.nan) / below * per
    return result


@dataclass(frozen=True, eq=False, slots=True)
class Treated:
    """Values after the treatment of outliers, and everything that was done to them.

    Attributes
    ----------
    values : DataFrame
        As given, treated.
    points : DataFrame
        One row per winsorised cell: the row's labels, ``indicator``, ``before``, ``after``.
    indicators : DataFrame
        One row per indicator: ``treatment`` ("none", "winsorised", "log_ct", ...), ``points``,
        ``skew`` and ``kurtosis`` before, ``skew_after`` and ``kurtosis_after``, ``passes``, and
        ``parameter`` (of a power transform).
    """

    values: pd.DataFrame
    points: pd.DataFrame
    indicators: pd.DataFrame

    def __repr__(self) -> str:
        """Return one line."""
        touched = int((self.indicators["treatment"] != "none").sum())
        return (
            f"Treated({touched} of {len(self.indicators)} indicators, "
            f"{len(self.points)} cells winsorised)"
        )


class _Column(NamedTuple):
    """One column after a treatment."""

    values: FloatArray
    treatment: str
    parameter: float = np.nan


def skewness(x: npt.ArrayLike) -> float:
    """Return the sample skewness adjusted for bias (SAS, SPSS and Excel's form), NaN aside.

    Parameters
    ----------
    x : array, n
        At least 3 values that vary; NaN otherwise.

    Returns
    -------
    float

    Examples
    --------
    >>> round(skewness([1.0, 2.0, 2.0, 9.0]), 4)
    1.9001
    """
    known = _known(np.asarray(x, dtype=float))
    if len(known) < 3 or known.min() == known.max():
        return np.nan
    return float(scipy.stats.skew(known, bias=False))


def kurtosis(x: npt.ArrayLike) -> float:
    """Return the excess kurtosis adjusted for bias (SAS, SPSS and Excel's form), NaN aside.

    Parameters
    ----------
    x : array, n
        At least 4 values that vary; NaN otherwise.

    Returns
    -------
    float

    Examples
    --------
    >>> round(kurtosis([1.0, 2.0, 2.0, 9.0]), 4)
    3.7085
    """
    known = _known(np.asarray(x, dtype=float))
    if len(known) < 4 or known.min() == known.max():
        return np.nan
    return float(scipy.stats.kurtosis(known, bias=False))


def _known(x: FloatArray) -> FloatArray:
    return x[~np.isnan(x)]


def treat_skew(
    values: pd.DataFrame,
    *,
    skew: float = 2.0,
    kurt: float = 3.5,
    most: int = 5,
    otherwise: str = "log_ct",
) -> Treated:
    """Treat skewed indicators in two stages: winsorise a few points, else transform.

    An indicator fails where ``|skewness| > skew`` and ``kurtosis > kurt``. The points that reach
    out farthest (high ones for a positive skew) are brought to the next value, one value at a time,
    up to ``most`` times, until it passes. One that still fails is transformed instead, from its
    original values.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; NaN is passed over.
    skew, kurt : float
        Thresholds.
    most : int
        Most steps of winsorising per indicator.
    otherwise : str
        A word of `TRANSFORMS`, for indicators that winsorising does not mend.

    Returns
    -------
    Treated
        ``passes`` is False where an indicator fails even after the transform.

    Raises
    ------
    MethodError
        For an unknown transform or values it cannot take.

    References
    ----------
    Becker, Caperna, Del Sorbo, Norlén, Papadimitriou and Saisana (2022), COINr, JOSS 7(78), 4567;
    OECD/JRC (2008), p. 84.

    Examples
    --------
    >>> treat_skew(pd.DataFrame({"cases": [1.0, 2, 3, 4, 5, 6, 7, 8, 9, 1000]}))
    Treated(1 of 1 indicators, 1 cells winsorised)
    """
    change = choose(otherwise, TRANSFORMS, "otherwise")

    def fails(x: FloatArray) -> bool:
        return bool(abs(skewness(x)) > skew and kurtosis(x) > kurt)

    def treat(x: FloatArray) -> _Column:
        mended = x.copy()
        for _ in range(most):
            if not fails(mended):
                break
            known = _known(mended)
            if skewness(known) > 0:
                mended[mended == known.max()] = known[known < known.max()].max()
            else:
                mended[mended == known.min()] = known[known > known.min()].min()
        if fails(mended):
            return change(x)
        return _Column(mended, "winsorised" if _changed(x, mended).any() else "none")

    return _treated(values, treat, lambda x: not fails(x))


def winsorise(
    values: pd.DataFrame, rule: str = "percentile", *, width: float | None = None
) -> Treated:
    """Bring values beyond fences to the fences.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; NaN is passed over.
    rule : {"percentile", "iqr", "mad"}
        Fences at the percentiles ``width`` and ``100 - width`` (default 5); at the quartiles plus
        and minus ``width`` interquartile ranges (1.5); at the median plus and minus ``width`` times
        1.4826 MAD (3).
    width : float, optional
        See ``rule``.

    Returns
    -------
    Treated

    Raises
    ------
    MethodError
        For another rule, a width of 0 or less (or a percentile of 50 or more), or fences that fall
        together because most values are the same.

    References
    ----------
    Tukey (1977) for the interquartile range; Leys et al. (2013), J. Exp. Social Psychology 49,
    764–766, for the MAD.

    Examples
    --------
    >>> winsorise(pd.DataFrame({"a": [1.0, 2, 3, 4, 50]}), "iqr").values["a"].tolist()
    [1.0, 2.0, 3.0, 4.0, 7.0]
    """
    fence, usual = choose(rule, _FENCES, "rule")
    size = usual if width is None else width
    if not size > 0 or (rule == "percentile" and size >= 50):
        raise MethodError(
            f"width must be above 0 (and below 50 for percentiles), got {width!r}. "
            f"Give {usual:g}, for example."
        )

    def treat(x: FloatArray) -> _Column:
        low, high = fence(_known(x), size)
        _refuse_values(
            low >= high,
            f"winsorising by {rule} needs fences that lie apart, got them together",
            "another rule",
        )
        clipped = np.clip(x, low, high)
        return _Column(clipped, "winsorised" if _changed(x, clipped).any() else "none")

    return _treated(values, treat, lambda x: True)


def transform(values: pd.DataFrame, method: str = "log") -> Treated:
    """Transform every indicator by a logarithm or a power, to bring in a long tail.

    Parameters
    ----------
    values : DataFrame, n × m
        Raw values; NaN is passed over.
    method : str
        A word of `TRANSFORMS`: "log" (ln x), "log_ct" (``ln(x - min + 0.01 (max - min))``),
        "log_gii" (``ln((max - 1)(x - min) / (max - min) + 1)``, plain ln where min >= 1),
        "box_cox" or "yeo_johnson" (power by maximum likelihood).

    Returns
    -------
    Treated
        ``parameter`` is the power.

    Raises
    ------
    MethodError
        For zero or negative values under "log" and "box_cox", a constant column, or an unknown
        word.

    References
    ----------
    Box and Cox (1964), JRSS B 26, 211–252; Yeo and Johnson (2000), Biometrika 87, 954–959; Becker
    et al. (2022), COINr, for log_ct and log_gii.

    Examples
    --------
    >>> transform(pd.DataFrame({"a": [1.0, np.e, np.e**2]})).values["a"].round(6).tolist()
    [0.0, 1.0, 2.0]
    """
    change = choose(method, TRANSFORMS, "method")
    return _treated(values, change, lambda x: True)


def _log(x: FloatArray) -> _Column:
    _refuse_values(np.nanmin(x) <= 0, "log needs values above 0, got 0 or less", "log_ct")
    return _Column(np.log(x), "log")


def _log_ct(x: FloatArray) -> _Column:
    low, high = _range(x)
    return _Column(np.log(x - low + 0.01 * (high - low)), "log_ct")


def _log_gii(x: FloatArray) -> _Column:
    low, high = _range(x)
    if low >= 1:
        return _Column(np.log(x), "log_gii")
    _refuse_values(high <= 1, "log_gii needs a value above 1, got none", "log_ct")
    return _Column(np.log((high - 1) * (x - low) / (high - low) + 1), "log_gii")


def _box_cox(x: FloatArray) -> _Column:
    _refuse_values(np.nanmin(x) <= 0, "box_cox needs values above 0, got 0 or less", "yeo_johnson")
    _range(x)
    changed = x.copy()
    changed[~np.isnan(x)], power = scipy.stats.boxcox(_known(x))
    return _Column(changed, "box_cox", float(power))


def _yeo_johnson(x: FloatArray) -> _Column:
    _range(x)
    changed = x.copy()
    changed[~np.isnan(x)], power = scipy.stats.yeojohnson(_known(x))
    return _Column(changed, "yeo_johnson", float(power))


def _range(x: FloatArray) -> tuple[float, float]:
    low, high = float(np.nanmin(x)), float(np.nanmax(x))
    if not low < high:
        raise _UntreatableError("a transform needs values that vary, got one single value", "")
    return low, high


def _refuse_values(wrong: bool | np.bool_, holds: str, instead: str) -> None:
    if wrong:
        raise _UntreatableError(holds, instead)


class _UntreatableError(MethodError):
    """One column cannot be treated; all with the same trouble are named at once."""

    def __init__(self, holds: str, instead: str) -> None:
        super().__init__(holds)
        self.holds = holds
        self.mend = f"Use {instead} for these columns." if instead else "Leave these columns out."


def _treated(
    values: pd.DataFrame,
    treat: Callable[[FloatArray], _Column],
    passes: Callable[[FloatArray], bool],
) -> Treated:
    """Treat a frame column by column and write down what was done."""
    array = as_matrix(values, what="values", missing=True)
    labels = ["row" if name is None else name for name in values.index.names]
    columns, records, parts = [], [], []
    troubles: dict[tuple[str, str], list[Any]] = {}
    for j, code in enumerate(values.columns):
        x = array[:, j].astype(float, copy=True)
        try:
            made = treat(x) if not np.isnan(x).all() else _Column(x, "none")
        except _UntreatableError as trouble:
            troubles.setdefault((trouble.holds, trouble.mend), []).append(code)
            continue
        cells = np.flatnonzero(_changed(x, made.values))
        if made.treatment != "winsorised":
            cells = cells[:0]
        columns.append(made.values)
        places = values.index[cells].to_frame(index=False).set_axis(labels, axis=1)
        parts.append(places.assign(indicator=code, before=x[cells], after=made.values[cells]))
        records.append(
            {
                "treatment": made.treatment,
                "points": len(cells),
                "skew": skewness(x),
                "kurtosis": kurtosis(x),
                "skew_after": skewness(made.values),
                "kurtosis_after": kurtosis(made.values),
                "passes": passes(made.values),
                "parameter": made.parameter,
            }
        )
    for (holds, mend), codes in troubles.items():
        raise MethodError(f"{holds} in {listed(codes)}. {mend}")
    frame = pd.DataFrame(np.column_stack(columns), index=values.index, columns=values.columns)
    points = pd.concat(parts, ignore_index=True)
    return Treated(frame, points, pd.DataFrame(records, index=values.columns))


def _changed(before: FloatArray, after: FloatArray) -> npt.NDArray[np.bool_]:
    changed: npt.NDArray[np.bool_] = (before != after) & ~np.isnan(before)
    return changed


def _percentile_fence(x: FloatArray, width: float) -> tuple[float, float]:
    low, high = np.percentile(x, [width, 100 - width])
    return float(low), float(high)


def _iqr_fence(x: FloatArray, width: float) -> tuple[float, float]:
    low, high = np.percentile(x, [25, 75])
    return float(low - width * (high - low)), float(high + width * (high - low))


def _mad_fence(x: FloatArray, width: float) -> tuple[float, float]:
    middle = float(np.median(x))
    reach = width * 1.4826 * float(np.median(np.abs(x - middle)))
    return middle - reach, middle + reach


_FENCES: Final = MappingProxyType(
    {
        "percentile": (_percentile_fence, 5.0),
        "iqr": (_iqr_fence, 1.5),
        "mad": (_mad_fence, 3.0),
    }
)
TRANSFORMS: Final[Mapping[str, Callable[[FloatArray], _Column]]] = MappingProxyType(
    {
        "log": _log,
        "log_ct": _log_ct,
        "log_gii": _log_gii,
        "box_cox": _box_cox,
        "yeo_johnson": _yeo_johnson,
    }
)
