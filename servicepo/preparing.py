"""What is done to values before they are scored: screening, imputation, treatment of outliers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from .choices import Choice, chosen
from .declared import near
from .errors import MethodError
from .framework import Framework
from .methods.imputation import Imputed
from .methods.treatment import Screened, Treated
from .registry import IMPUTERS, TREATMENTS


@dataclass(frozen=True, eq=False, slots=True)
class Prepared:
    """Values ready to be scored, and everything that was done to them.

    Attributes
    ----------
    values : DataFrame
        The indicators that were kept; rows as given (a row that was screened out is all NaN).
    screened : Screened or None
        Which rows and indicators were kept.
    imputed : Imputed or None
        The mask of imputed cells and the quality of the imputation.
    treated : Treated or None
        The table of treated points and what was done to each indicator.
    """

    values: pd.DataFrame
    screened: Screened | None = None
    imputed: Imputed | None = None
    treated: Treated | None = None


def prepare(
    values: pd.DataFrame,
    applies: pd.DataFrame | None,
    organisations: pd.DataFrame | None,
    *,
    screen: Mapping[str, float],
    impute: Choice,
    treat: Choice,
) -> Prepared:
    """Screen, impute and treat values, in this order.

    Parameters
    ----------
    values : DataFrame
        (org, period) x indicator; NaN is missing. Never written to.
    applies : DataFrame of bool or None
        As the values: whether the indicator applies to the organisation; None where all do. A cell
        that does not apply is neither counted as missing nor filled in.
    organisations : DataFrame or None
        Attributes by ``org``, for groups of the imputation.
    screen : mapping
        Least share (0..1) of values present: "indicators", "organisations".
    impute, treat : word, callable or mapping
        As `build_index` takes them; "none" does nothing.

    Returns
    -------
    Prepared

    Raises
    ------
    MethodError
        For an unknown word or whatever a method refuses.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村", "乙村", "丙村"], pd.PeriodIndex(["2024"], freq="Y")], names=["org", "period"]
    ... )
    >>> values = pd.DataFrame({"visits": [1.0, np.nan, 5.0]}, index=rows)
    >>> made = prepare(values, None, None, screen={}, impute="median", treat="none")
    >>> made.values["visits"].tolist(), int(made.imputed.mask["visits"].sum())
    ([1.0, 3.0, 5.0], 1)
    """
    screened = _screened(values, applies, screen)
    if screened is not None:
        kept = screened.organisations["kept"]
        values = values[list(screened.values.columns)].where(kept, axis=0)
        # To who was screened out nothing applies, so that nothing is filled in again.
        if applies is None:
            applies = pd.DataFrame(True, index=values.index, columns=values.columns)
        applies = applies[values.columns].where(kept, other=False, axis=0)
    imputed = _imputed(values, applies, organisations, impute)
    values = values if imputed is None else imputed.values
    treated = _treated(values, treat)
    values = values if treated is None else treated.values
    return Prepared(values, screened, imputed, treated)


def screening(available: float | Mapping[str, float], framework: Framework) -> dict[str, float]:
    """Check the shares that must be available; return those that screen at the start.

    Parameters
    ----------
    available : float or mapping
        As `build_index` takes it.
    framework : Framework

    Returns
    -------
    dict of str to float
        Any of "indicators" and "organisations".

    Raises
    ------
    MethodError
        For a share outside 0..1 or an unknown node.
    """
    shares = available if isinstance(available, Mapping) else {"overall": available}
    for share in shares.values():
        if not 0 <= share <= 1:
            raise MethodError(
                f"available must be a share between 0 and 1, got {share!r}. Give 2/3, for example."
            )
    nodes = ["overall", "indicators", "organisations", *(d.code for d in framework.dimensions)]
    if unknown := [node for node in shares if node not in nodes]:
        raise MethodError(
            f"available must name nodes of the framework, got {unknown[0]!r}. "
            f"Take some of {', '.join(nodes)}."
        )
    return {key: shares[key] for key in ("indicators", "organisations") if key in shares}


def _screened(
    values: pd.DataFrame, applies: pd.DataFrame | None, shares: Mapping[str, float]
) -> Screened | None:
    if not shares:
        return None
    present = values.notna()
    counts = pd.DataFrame(True, values.index, values.columns) if applies is None else applies
    known = present & counts
    columns = pd.DataFrame({"available": known.sum() / counts.sum()})
    columns["kept"] = columns["available"] >= shares.get("indicators", 0.0) - 1e-12
    wide = columns.index[columns["kept"]]
    rows = pd.DataFrame({"available": known[wide].sum(axis=1) / counts[wide].sum(axis=1)})
    rows["kept"] = rows["available"] >= shares.get("organisations", 0.0) - 1e-12
    if not rows["kept"].any():
        raise MethodError(
            "something must be available enough to be kept, got nothing. "
            "Lower the shares or look for missing files."
        )
    return Screened(values.loc[rows["kept"], wide], rows, columns)


def _imputed(
    values: pd.DataFrame,
    applies: pd.DataFrame | None,
    organisations: pd.DataFrame | None,
    choice: Choice,
) -> Imputed | None:
    if isinstance(choice, str) and choice == "none":
        return None
    if isinstance(choice, Mapping) and isinstance(choice.get("groups"), str):
        choice = {**choice, "groups": groups_of(values.index, organisations, choice["groups"])}
    method = chosen(choice, IMPUTERS, "impute")
    alone = partial(impute_by, method.call) if method.word == "given" else method.call
    made = alone(values)
    if applies is None:
        return made
    mask = made.mask & applies
    quality = made.quality.assign(imputed=mask.sum(), left=(values.isna() & applies & ~mask).sum())
    return Imputed(made.values.where(mask | values.notna()), mask, quality, made.method)


def impute_by(function: Callable[[pd.DataFrame], pd.DataFrame], values: pd.DataFrame) -> Imputed:
    """Impute by the user's function and write down what it filled in.

    Parameters
    ----------
    function : callable
        Values with NaN -> values of the same shape; known cells must stay.
    values : DataFrame

    Returns
    -------
    Imputed

    Raises
    ------
    MethodError
        Where the function changes a known cell.

    Examples
    --------
    >>> impute_by(lambda frame: frame.fillna(0), pd.DataFrame({"a": [1.0, np.nan]}))
    Imputed(given: 1 cells, 0 left)
    """
    filled = function(values.copy())
    mask = values.isna() & filled.notna()
    if not filled.where(~mask).equals(values.astype(float)):
        raise MethodError(
            "an imputation must leave known cells alone, got others. Fill in NaN only."
        )
    quality = pd.DataFrame({"imputed": mask.sum(), "left": filled.isna().sum()})
    return Imputed(filled, mask, quality, "given")


def _treated(values: pd.DataFrame, choice: Choice) -> Treated | None:
    """Treat all indicators by one choice, or some by their own."""
    if isinstance(choice, str) and choice == "none":
        return None
    if isinstance(choice, Mapping) and "method" not in choice:
        if lost := [code for code in choice if code not in values.columns]:
            raise MethodError(
                f"treat must name indicators with values, got {lost[0]!r}. "
                f"{near(lost[0], values.columns)}"
            )
        parts = [_treated_by(values[[code]], own) for code, own in choice.items()]
        if not parts:
            return None
        frame = values.assign(**{str(p.values.columns[0]): p.values.iloc[:, 0] for p in parts})
        points = pd.concat([p.points for p in parts], ignore_index=True)
        return Treated(frame, points, pd.concat([p.indicators for p in parts]))
    return _treated_by(values, choice)


def _treated_by(values: pd.DataFrame, choice: Choice) -> Treated:
    made = chosen(choice, TREATMENTS, "treat").call(values)
    if isinstance(made, Treated):
        return made
    changed = (made.ne(values) & values.notna()).to_numpy()
    rows, columns = np.nonzero(changed)
    points = values.index[rows].to_frame(index=False)
    points["indicator"] = values.columns[columns]
    points["before"] = values.to_numpy()[rows, columns]
    points["after"] = made.to_numpy()[rows, columns]
    told = {"treatment": np.where(changed.any(axis=0), "given", "none"), "points": changed.sum(0)}
    return Treated(made, points, pd.DataFrame(told, index=values.columns))


def groups_of(rows: pd.Index, organisations: pd.DataFrame | None, name: str) -> pd.Series:
    """Return the class of every row: its period, or a column of the organisations.

    Parameters
    ----------
    rows : MultiIndex
        (org, period).
    organisations : DataFrame or None
        Attributes by ``org``.
    name : str
        "period" or a column, as "domain".

    Returns
    -------
    Series
        Text, by (org, period).

    Raises
    ------
    MethodError
        For an unknown column.

    Examples
    --------
    >>> rows = pd.MultiIndex.from_product(
    ...     [["甲村"], pd.PeriodIndex(["2024"], freq="Y")], names=["org", "period"]
    ... )
    >>> groups_of(rows, None, "period").tolist()
    ['2024']
    """
    if name == "period":
        return pd.Series(rows.get_level_values("period").astype("str"), index=rows, dtype="str")
    known = [] if organisations is None else list(organisations.columns)
    if organisations is None or name not in known:
        raise MethodError(
            f"groups must be the period or a column of the organisations, got {name!r}. "
            f"{near(name, ['period', *known])}"
        )
    found = organisations[name].reindex(rows.get_level_values("org"))
    return pd.Series(found.to_numpy(), index=rows, dtype="str")
