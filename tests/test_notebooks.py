"""Every notebook runs from top to bottom, and every chart in it is seen."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

FOLDER = Path(__file__).parents[1] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def shows_a_picture(cell):
    return any("image/png" in output.get("data", {}) for output in cell.outputs)


def test_there_are_notebooks():
    assert NOTEBOOKS


# The kernel's own machinery warns of things that are not ours to mend.
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_notebook_runs(path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)  # the notebook's own backend shows the charts
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    charts = [c for c in notebook.cells if c.cell_type == "code" and "charts." in c.source]
    assert charts
    assert [c.source for c in charts if not shows_a_picture(c)] == []
