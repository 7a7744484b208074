"""What the tests share: the folder of published examples, where it stands beside the project."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of published examples and real inputs; skip where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared"
    if not folder.is_dir():
        pytest.skip("the folder of published examples does not stand beside this project")
    return folder
