"""The worked examples of the OECD/JRC Handbook and of COINr, shared by tests of the formulas."""

import numpy as np
import pandas as pd
import pytest

from servicepo.methods.normalisation import fit_scale
from servicepo.methods.treatment import denominate, treat_skew


@pytest.fixture(scope="session")
def tai(shared) -> pd.DataFrame:
    """Return the Technology Achievement Index: 23 countries × 8 indicators (Table A.2)."""
    return pd.read_csv(shared / "reference" / "tai.csv", index_col="country").astype(float)


@pytest.fixture(scope="session")
def tai_goalposts(tai) -> pd.DataFrame:
    """Return the goalposts of the original index (Saisana et al. 2005, Table 1)."""
    low = [0, 0, 0, 0, 0, np.log10(22), 0.8, 0.1]
    high = [994, 272.6, 232.4, 80.8, np.log10(901), np.log10(6969), 12.0, 27.4]
    return pd.DataFrame({"low": low, "high": high}, index=tai.columns)


@pytest.fixture(scope="session")
def asem_meta(shared) -> pd.DataFrame:
    """Return levels, parents, weights and directions of COINr's example."""
    return pd.read_csv(shared / "reference" / "asem" / "asem_iMeta.csv").set_index("iCode")


@pytest.fixture(scope="session")
def asem(shared, asem_meta) -> pd.DataFrame:
    """Return the scores (0..100) of COINr's example: 51 countries × 49 indicators."""
    data = pd.read_csv(shared / "reference" / "asem" / "asem_iData.csv").set_index("uCode")
    indicators = asem_meta[asem_meta.Type == "Indicator"]
    by = indicators.Denominator.dropna().to_dict()
    denominators = data[["Area", "Energy", "GDP", "Population"]]
    values = denominate(data[list(indicators.index)].astype(float), denominators, by)
    values = values.fillna(values.groupby(data.EurAsia_group).transform("mean"))
    treated = treat_skew(values).values
    ways = indicators.Direction.map({1.0: "benefit", -1.0: "cost"})
    return fit_scale(treated, directions=ways).apply(treated) * 100
