"""What every formula asks of its input, said in one voice.

A refusal says what must hold, what was found and where, and one thing to do about it. Formulas take
a DataFrame (rows = organisations, columns = indicators) or a plain 2-D array, and answer in kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import MethodError

FloatArray: TypeAlias = npt.NDArray[np.float64]
Choice = TypeVar("Choice")

BLOCK_CELLS = 1 << 17  # numbers that stay in a second-level cache, with a scratch block or two


def listed(names: Iterable[object], most: int = 5) -> str:
    """Name things in a sentence, at most a few of them.

    Parameters
    ----------
    names : iterable
        What to name.
    most : int
        How many are named before the rest is counted.

    Returns
    -------
    str

    Examples
    --------
    >>> listed(["a", "b"])
    "'a', 'b'"
    >>> listed(range(7), most=2)
    '0, 1 and 5 more'
    """
    every = list(names)
    shown = ", ".join(repr(_plain(name)) for name in every[:most])
    return shown if len(every) <= most else f"{shown} and {len(every) - most} more"


def _plain(name: object) -> object:
    """Give a label as a reader would write it: no ``np.int64(3)``, no ``Period('2024')``."""
    if isinstance(name, tuple):
        return " ".join(str(part) for part in name)
    if isinstance(name, np.generic):
        return name.item()
    return str(name) if isinstance(name, pd.Period) else name


def column_names(x: pd.DataFrame | npt.ArrayLike) -> list[Any]:
    """Return the columns' names of a frame, the columns' positions of an array.

    Parameters
    ----------
    x : DataFrame or array, n × m

    Returns
    -------
    list

    Examples
    --------
    >>> column_names(np.zeros((2, 3)))
    [0, 1, 2]
    """
    return list(x.columns) if isinstance(x, pd.DataFrame) else list(range(np.shape(x)[1]))


def as_matrix(
    x: pd.DataFrame | npt.ArrayLike, *, what: str = "x", least: int = 1, missing: bool = False
) -> FloatArray:
    """Return a table as a float array (a view where it can be one), or refuse it.

    Parameters
    ----------
    x : DataFrame or array, n × m
        Numbers; one row per organisation. Never written to.
    what : str
        What the table is called in a refusal.
    least : int
        Fewest rows the method can work on.
    missing : bool
        Whether NaN may pass.

    Returns
    -------
    ndarray of float, n × m

    Raises
    ------
    MethodError
        Where it is not two-dimensional or not numeric, has a duplicated row or column label, too
        few rows, an infinite value, or (unless ``missing``) a missing value.

    Examples
    --------
    >>> as_matrix(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))
    array([[1., 3.],
           [2., 4.]])
    >>> as_matrix([[1.0, float("nan")]])
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: x must have no missing values, got NaN in 1. Impute them first \
or leave these columns out.
    """
    array = as_table(x, what=what, least=least)
    refuse_not_finite(array, column_names(x), what=what, missing=missing)
    return array


def as_table(x: pd.DataFrame | npt.ArrayLike, *, what: str = "x", least: int = 1) -> FloatArray:
    """Do as `as_matrix`, without looking at the numbers: for who looks at each of them anyway.

    Parameters, returns and raises as in `as_matrix`; infinite and missing values pass.

    Examples
    --------
    >>> as_table([[1.0, float("inf")]])
    array([[ 1., inf]])
    """
    if isinstance(x, pd.DataFrame):
        array = _frame_to_array(x, what)
    else:
        try:
            array = np.asarray(x, dtype=float)
        except (TypeError, ValueError):
            raise MethodError(
                f"{what} must be a table of numbers, got {type(x).__name__}. "
                "Give a DataFrame or a two-dimensional array."
            ) from None
    if array.ndim != 2:
        raise MethodError(
            f"{what} must be a table of numbers with two dimensions, got {array.ndim}. "
            "Give a DataFrame or a two-dimensional array."
        )
    if array.shape[1] == 0:
        raise MethodError(f"{what} must have at least 1 column, got 0. Give it an indicator.")
    if len(array) < least:
        raise MethodError(
            f"{what} must have at least {least} organisations for this method, got {len(array)}. "
            "Add organisations or choose a method that needs fewer."
        )
    return array


def refuse_words(x: pd.DataFrame, *, what: str = "x") -> None:
    """Refuse a frame with text or repeated names among its columns, or with repeated rows.

    Parameters
    ----------
    x : DataFrame
    what : str
        What the table is called in the refusal.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_words(pd.DataFrame({"a": [1]}))
    """
    kinds = x.dtypes.to_numpy()
    if strange := {kind for kind in set(kinds) if not _is_number(kind)}:
        words = [c for c, kind in zip(x.columns, kinds, strict=True) if kind in strange]
        raise MethodError(
            f"every column of {what} must hold numbers, got text or objects in {listed(words)}. "
            "Convert these columns to numbers or leave them out."
        )
    if not x.columns.is_unique:
        twice = x.columns[x.columns.duplicated()].unique()
        raise MethodError(
            f"every column of {what} must have its own name, got {listed(twice)} more than once. "
            "Rename or drop the repeated columns."
        )
    refuse_repeated_rows(x.index, what=what)


def _frame_to_array(x: pd.DataFrame, what: str) -> FloatArray:
    refuse_words(x, what=what)
    if all(kind == np.float64 for kind in set(x.dtypes.to_numpy())):
        return x.to_numpy()
    return x.to_numpy(dtype=float, na_value=np.nan)


def _is_number(kind: Any) -> bool:
    return pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_complex_dtype(kind)


def refuse_repeated_rows(index: pd.Index, *, what: str = "x") -> None:
    """Refuse an index in which an organisation (and period) stands more than once.

    Parameters
    ----------
    index : Index
        The rows' labels.
    what : str
        What the table is called in the refusal.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_repeated_rows(pd.Index(["a", "b"]))
    """
    if not index.is_unique:
        twice = index[index.duplicated()].unique()
        raise MethodError(
            f"every row of {what} must be labelled once, got {listed(twice)} more than once. "
            "Merge or drop the repeated rows."
        )


def refuse_not_finite(
    array: FloatArray, names: Iterable[object], *, what: str = "x", missing: bool = False
) -> None:
    """Refuse infinite values, and missing ones unless they may pass.

    Parameters
    ----------
    array : ndarray, n × m
    names : iterable
        The columns' names.
    what : str
        What the table is called in the refusal.
    missing : bool
        Whether NaN may pass.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_not_finite(np.array([[1.0, np.nan]]), ["a", "b"], missing=True)
    """
    # A finite sum proves a column finite at the price of one read; only others are looked at.
    with np.errstate(over="ignore", invalid="ignore"):
        sums = array.sum(axis=0) if array.size else np.zeros(array.shape[1])
    suspects = [(j, name) for j, name in enumerate(names) if not np.isfinite(sums[j])]
    infinite = [name for j, name in suspects if np.isinf(array[:, j]).any()]
    if infinite:
        raise MethodError(
            f"{what} must be finite, got an infinite value in {listed(infinite)}. "
            "Correct these cells or mark them as missing."
        )
    absent = [name for j, name in suspects if np.isnan(array[:, j]).any()]
    if absent and not missing:
        raise MethodError(
            f"{what} must have no missing values, got NaN in {listed(absent)}. "
            "Impute them first or leave these columns out."
        )


def as_vector(
    x: pd.Series | npt.ArrayLike, *, what: str = "x", least: int = 1, missing: bool = False
) -> FloatArray:
    """Return a column as a float array (a view where it can be one), or refuse it.

    Parameters
    ----------
    x : Series or array, n
        Numbers. Never written to.
    what, least, missing
        As in `as_matrix`.

    Returns
    -------
    ndarray of float, n

    Raises
    ------
    MethodError
        As `as_matrix`.

    Examples
    --------
    >>> as_vector([1, 2])
    array([1., 2.])
    """
    try:
        if isinstance(x, pd.Series):
            refuse_repeated_rows(x.index, what=what)
            array = x.to_numpy(dtype=float, na_value=np.nan)
        else:
            array = np.asarray(x, dtype=float)
    except (TypeError, ValueError) as error:
        if isinstance(error, MethodError):
            raise
        raise MethodError(
            f"{what} must be a list of numbers, got {type(x).__name__}. "
            "Give a Series or a one-dimensional array."
        ) from None
    if array.ndim != 1:
        raise MethodError(
            f"{what} must have one dimension, got {array.ndim}. "
            "Give a Series or a one-dimensional array."
        )
    if len(array) < least:
        raise MethodError(
            f"{what} must have at least {least} values for this method, got {len(array)}. "
            "Add values or choose a method that needs fewer."
        )
    if np.isinf(array).any():
        raise MethodError(
            f"{what} must be finite, got an infinite value. Correct it or mark it as missing."
        )
    if not missing and np.isnan(array).any():
        raise MethodError(
            f"{what} must have no missing values, got {int(np.isnan(array).sum())} NaN. "
            "Impute them first or leave them out."
        )
    return array


def refuse_columns(wrong: npt.ArrayLike, names: Iterable[object], holds: str, mend: str) -> None:
    """Refuse a table because of some of its columns, naming them.

    Parameters
    ----------
    wrong : array of bool, m
        Which columns break the rule.
    names : iterable
        The columns' names.
    holds : str
        What must hold, and in which way it does not, up to the names.
    mend : str
        One imperative sentence.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_columns([False, True], "ab", "every x must vary, got one value in", "Drop it.")
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: every x must vary, got one value in 'b'. Drop it.
    """
    bad = [name for name, is_wrong in zip(names, np.asarray(wrong), strict=True) if is_wrong]
    if bad:
        raise MethodError(f"{holds} {listed(bad)}. {mend}")


def refuse_constant(x: pd.DataFrame | npt.ArrayLike, method: str) -> None:
    """Refuse columns that do not vary between organisations (NaN aside) or are all missing.

    Parameters
    ----------
    x : DataFrame or array, n × m
    method : str
        The method's name in the refusal.

    Raises
    ------
    MethodError

    Examples
    --------
    >>> refuse_constant(pd.DataFrame({"a": [1.0, 1.0], "b": [0.0, 1.0]}), "CRITIC weights")
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: every indicator must vary between organisations for CRITIC \
weights, got one single value in 'a'. Drop these columns or choose their weights yourself.
    """
    array = np.asarray(x, dtype=float)
    # fmax and fmin pass over NaN without a warning; an all-missing column comes out as NaN.
    spread = np.fmax.reduce(array, axis=0) - np.fmin.reduce(array, axis=0)
    refuse_columns(
        ~(spread > 0),
        column_names(x),
        f"every indicator must vary between organisations for {method}, got one single value in",
        "Drop these columns or choose their weights yourself.",
    )


def check_weights(
    weights: pd.Series | npt.ArrayLike,
    names: Iterable[object],
    *,
    what: str = "weights",
) -> FloatArray:
    """Return weights as an array in the order of the columns, or refuse them.

    Parameters
    ----------
    weights : Series or array, m
        At least 0, with sum 1 (within 1e-9). A Series is put in order by its index.
    names : iterable
        The columns the weights belong to.
    what : str
        What they are called in a refusal.

    Returns
    -------
    ndarray of float, m

    Raises
    ------
    MethodError
        Where a column has no weight or a weight no column, one is negative, infinite or missing, or
        the sum is not 1.

    Examples
    --------
    >>> check_weights(pd.Series({"b": 0.75, "a": 0.25}), ["a", "b"])
    array([0.25, 0.75])
    >>> check_weights([1.0, 1.0], ["a", "b"])
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: weights must sum to 1, got a sum of 2. Divide them by their sum.
    """
    columns: list[Any] = list(names)
    if isinstance(weights, pd.Series):
        refuse_repeated_rows(weights.index, what=what)
        lost = [c for c in columns if c not in weights.index]
        spare = [c for c in weights.index if c not in columns]
        if lost or spare:
            wrong = f"no weight for {listed(lost)}" if lost else f"a weight for {listed(spare)}"
            raise MethodError(
                f"{what} must have one entry per column, got {wrong}. "
                "Give the columns and the weights the same names."
            )
        weights = weights.loc[columns]
    array = as_vector(weights, what=what)
    if len(array) != len(columns):
        raise MethodError(
            f"{what} must have one entry per column, got {len(array)} for {len(columns)} columns. "
            "Give one weight per column."
        )
    refuse_columns(
        array < 0, columns, f"{what} must be at least 0, got a negative one for", "Correct it."
    )
    total = float(array.sum())
    if not np.isclose(total, 1.0, rtol=0.0, atol=1e-9):
        raise MethodError(
            f"{what} must sum to 1, got a sum of {total:.6g}. Divide them by their sum."
        )
    return array


def choose(word: object, choices: Mapping[str, Choice], what: str) -> Choice:
    """Return the entry of a registry that a word names.

    Parameters
    ----------
    word : str
        The user's choice.
    choices : mapping
        The registry.
    what : str
        What is being chosen.

    Returns
    -------
    The entry.

    Raises
    ------
    MethodError
        For another word; the message lists the right ones.

    Examples
    --------
    >>> choose("mean", {"mean": np.mean}, "method")([1.0, 3.0])
    np.float64(2.0)
    >>> choose("maen", {"mean": np.mean, "min": np.min}, "method")
    Traceback (most recent call last):
    ...
    servicepo.errors.MethodError: method must be one of 'mean', 'min', got 'maen'. \
Did you mean 'mean'?
    """
    if isinstance(word, str) and word in choices:
        return choices[word]
    near = get_close_matches(word, choices, n=1) if isinstance(word, str) else []
    mend = f"Did you mean {near[0]!r}?" if near else "Give one of these words."
    raise MethodError(
        f"{what} must be one of {listed(choices, most=len(choices))}, got {word!r}. {mend}"
    )


def like_columns(x: pd.DataFrame | npt.ArrayLike, values: FloatArray, name: str) -> Any:
    """Answer in kind: a Series over a frame's columns, or the array as it is.

    Parameters
    ----------
    x : DataFrame or array, n × m
        What the caller gave.
    values : ndarray, m
        One number per column.
    name : str
        The Series' name.

    Returns
    -------
    Series or ndarray

    Examples
    --------
    >>> like_columns(np.zeros((1, 2)), np.array([0.5, 0.5]), "weight")
    array([0.5, 0.5])
    """
    if isinstance(x, pd.DataFrame):
        return pd.Series(values, index=x.columns, name=name)
    return values


def as_weights(x: pd.DataFrame | npt.ArrayLike, raw: FloatArray) -> Any:
    """Scale raw importances to weights that sum to 1, and answer in kind.

    Parameters
    ----------
    x : DataFrame or array, n × m
        What the caller gave.
    raw : ndarray, m
        At least 0 each.

    Returns
    -------
    Series or ndarray

    Raises
    ------
    MethodError
        Where all are 0.

    Examples
    --------
    >>> as_weights(np.zeros((1, 2)), np.array([1.0, 3.0]))
    array([0.25, 0.75])
    """
    if not raw.sum() > 0:
        raise MethodError(
            "weights must have a positive sum, got 0 for every indicator. Use equal weights."
        )
    return like_columns(x, raw / raw.sum(), "weight")


def like_rows(x: pd.DataFrame | npt.ArrayLike, values: npt.NDArray[Any], name: str) -> Any:
    """Answer in kind: a Series over a frame's rows, or the array as it is.

    Parameters
    ----------
    x : DataFrame or array, n × m
        What the caller gave.
    values : ndarray, n
        One number per row.
    name : str
        The Series' name.

    Returns
    -------
    Series or ndarray

    Examples
    --------
    >>> like_rows(pd.DataFrame({"a": [1.0]}, index=["u"]), np.array([2.0]), "score").to_dict()
    {'u': 2.0}
    """
    if isinstance(x, pd.DataFrame):
        return pd.Series(values, index=x.index, name=name)
    return values


def row_blocks(array: FloatArray, cells: int = BLOCK_CELLS) -> Iterator[slice]:
    """Cut a table's rows into blocks that fit in cache, whatever its memory order.

    Parameters
    ----------
    array : ndarray, n × m
    cells : int
        Numbers per block.

    Yields
    ------
    slice

    Examples
    --------
    >>> list(row_blocks(np.zeros((5, 3)), cells=6))
    [slice(0, 2, None), slice(2, 4, None), slice(4, 5, None)]
    """
    rows, columns = array.shape
    size = max(1, cells // columns)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))
