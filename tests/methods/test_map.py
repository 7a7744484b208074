"""The maps of the toolbox name what there is, and all there is."""

import importlib
import pkgutil
import re
from pathlib import Path

import servicepo.methods

MODULES = {module.name for module in pkgutil.iter_modules(servicepo.methods.__path__)}


def test_the_docstring_names_every_module_and_no_other():
    named = set(re.findall(r"`([a-z_]+)`", servicepo.methods.__doc__)) - {"build_index"}
    assert named == MODULES


def test_every_function_of_the_page_is_there():
    page = Path(__file__).parents[2] / "docs" / "methods.md"
    named = re.findall(r"`([a-z_]+)\.([a-z_]+)`", page.read_text(encoding="utf-8"))
    named = [(module, name) for module, name in named if module in MODULES]
    lost = [
        f"{module}.{name}"
        for module, name in named
        if not callable(getattr(importlib.import_module(f"servicepo.methods.{module}"), name, None))
    ]
    assert len(named) > 80
    assert not lost
