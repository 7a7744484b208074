"""The worked example of the OECD/JRC Handbook, as the tests of the formulas share it."""

import numpy as np
import pandas as pd
import pytest


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
