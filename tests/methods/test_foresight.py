"""Forward validation: counts the slow way, planted decline, regression to the mean, refusals."""

import re

import numpy as np
import pandas as pd
import pytest

from servicepo.errors import MethodError
from servicepo.methods.control import ewma, xmr
from servicepo.methods.foresight import foresight


def declining(n=3000, months=36, share=0.15, seed=0):
    """Figures of a stable county in which some begin to slide, and how far they truly fell (sd)."""
    draw = np.random.default_rng(seed)
    start = draw.integers(18, 30, n)
    slides = draw.random(n) < share
    fall = np.clip(np.arange(months) - start[:, None], 0, None) * 0.5 * slides[:, None]
    level = draw.normal(70, 5, (n, 1)) - fall
    return pd.DataFrame(level + draw.normal(size=(n, months))), pd.DataFrame(fall)


def lowest_tenth(values):
    return values.rank(pct=True) <= 0.1


def test_warnings_foretell_planted_trouble():
    values, fall = declining()
    warned = (ewma(values, baseline=18).alarms == 2).iloc[:, 18:]
    made = foresight(warned, (fall >= 2).iloc[:, 18:])
    assert made.base_rate == pytest.approx(0.08, abs=0.01)
    assert made.precision > 0.75
    assert made.recall > 0.7
    assert made.caught > 0.95
    assert made.lead == -1  # half find the fall a month after it reached 2 sd
    late = foresight(warned, (fall >= 4).iloc[:, 18:])
    assert late.lead == 3
    naive = foresight(lowest_tenth(values).iloc[:, 18:], (fall >= 2).iloc[:, 18:])
    assert naive.precision < made.precision / 3


def test_a_stable_county_has_nothing_to_foretell():
    values, fall = declining(share=0.0)
    made = foresight(xmr(values).alarms == 2, fall >= 2)
    assert made.flags > 0
    assert made.precision == made.base_rate == 0
    assert made.onsets == 0
    assert np.isnan(made.caught)


def test_who_is_flagged_for_a_low_figure_looks_better_next_month_without_having_changed():
    """Trap: regression to the mean, the more so the noisier the figure."""
    draw = np.random.default_rng(1)
    truth = draw.normal(0, 2, (5000, 1))  # reliability .8
    values = pd.DataFrame(truth + draw.normal(size=(5000, 2)))
    low = lowest_tenth(values)[0]
    gain = (values[1] - values[0])[low].mean()
    expected = -(1 - 0.8) * (values[0][low].mean() - values[0].mean())
    assert gain == pytest.approx(expected, rel=0.15)
    stayed = foresight(lowest_tenth(values), lowest_tenth(values)).precision
    assert 0.5 < stayed < 0.7  # four in ten "recover", and nobody has changed


def test_counts_the_slow_way():
    draw = np.random.default_rng(2)
    flags, truth = (pd.DataFrame(draw.random((40, 9)) < 0.3) for _ in range(2))
    made = foresight(flags, truth, window=3)
    f, t = flags.to_numpy(), truth.to_numpy()
    pairs = [(f[i, k], t[i, k + 1]) for i in range(40) for k in range(8)]
    hits = sum(a and b for a, b in pairs)
    assert made.flags == sum(a for a, _ in pairs)
    assert made.precision == pytest.approx(hits / made.flags)
    assert made.recall == pytest.approx(hits / sum(b for _, b in pairs))
    assert made.base_rate == pytest.approx(np.mean([b for _, b in pairs]))
    leads = []
    onsets = 0
    for i in range(40):
        onset = next((k for k in range(1, 9) if t[i, k] and not t[i, k - 1]), None)
        if onset is None:
            continue
        onsets += 1
        first = next((k for k in range(9) if f[i, k] and k >= onset - 3), None)
        if first is not None:
            leads.append(onset - first)
    assert made.onsets == onsets
    assert made.caught == pytest.approx(len(leads) / onsets)
    assert made.lead == pytest.approx(np.median(leads))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: foresight(pd.DataFrame([[True, False]]), pd.DataFrame([[True]])),
            "flags and truth must have the same rows and columns in the same order, got (1, 2) and "
            "(1, 1). Reindex one like the other.",
        ),
        (
            lambda: foresight(pd.DataFrame([[1, 0]]), pd.DataFrame([[True, False]])),
            "flags and truth must be bool over at least 2 periods, got bool, int64 over 2. "
            "Say in every cell what held.",
        ),
    ],
)
def test_refusals_say_what_and_how_to_mend(call, message):
    with pytest.raises(MethodError, match=f"^{re.escape(message)}$"):
        call()
