"""The floors of the house: a file imports only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1] / "servicepo"
FLOORS = {
    "errors": 0,
    "labels": 0,
    "methods/guards": 0.5,
    "methods/moments": 0.6,
    "methods/compiled": 0.6,
    "methods/maps": 0.6,
    "methods/intervals": 0.6,
    "methods/scalings": 0.7,
    "methods/components": 0.8,
    "methods/dispersion": 0.8,
    "methods/importance": 0.8,
    "methods/benefit_of_the_doubt": 0.8,
    "methods/voting": 0.8,
    "methods/agreement": 0.8,
    "methods/pairwise": 0.6,
    "methods/trend": 0.8,
    "methods/control_rules": 0.8,
    "methods/judgements": 0.7,
    "methods/resampling": 0.65,
    "methods/inequality": 0.7,
    "methods/transitions": 0.7,
    "methods/disclosure": 0.7,
    "methods/posteriors": 0.7,
    "methods": 1,
    "tables": 1,
    "measures": 1,
    "declared": 0.5,
    "sources": 1.5,
    "weighting": 1.6,
    "charts": 1,
    "indicators": 1.8,
    "framework": 2,
    "reading": 2,
    "choices": 1.5,
    "registry": 1.5,
    "declared_methods": 1.6,
    "scored": 2.5,
    "incoming": 2.6,
    "preparing": 2.6,
    "scaling": 2.7,
    "methods_sentence": 2.7,
    "tallying": 3,
    "classing": 2.8,
    "bench": 3,
    "splitting": 3.5,
    "ranked": 3.5,
    "index": 4,
    "anonymity": 4.5,
    "panel": 4.5,
    "comparability": 4.6,
    "drivers": 4.6,
    "trajectories": 4.6,
    "shared_scores": 4.5,
    "domain_history": 4.8,
    "movement": 4.8,
    "rules": 4.5,
    "conditions": 4.8,
    "catalogue": 1.5,
    "case_mix": 4.5,
    "probing": 4.5,
    "chances": 4.8,
    "reasons": 4.9,
    "situations": 4.9,
    "comparison": 5,
    "source_comparison": 5,
    "severity": 3,
    "source_scores": 4.6,
    "respondents": 4.6,
    "marks": 4.9,
    "source_weights": 4.95,
    "awarding": 4.9,
    "grading": 5,
    "promotion": 5.5,
    "rectification": 5,
    "weakness": 5,
    "change": 5,
    "watching": 5,
    "robustness": 5,
    "report": 6,
    "synthetic": 6,
    "templates": 6,
    "cli": 7,
    "__main__": 8,
}
FILES = sorted(p for p in HOUSE.rglob("*.py") if p != HOUSE / "__init__.py")


def room_of(module: str) -> str:
    """Return the room of a dotted module path below servicepo."""
    exact = module.replace(".", "/")
    return exact if exact in FLOORS else exact.split("/")[0]


def own_imports(path: Path) -> list[tuple[str, bool]]:
    """Return the own modules a file imports, each with whether the import stands at module top."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    at_top = set(tree.body)
    for node in tree.body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            at_top.update(node.body)
    package = ("servicepo", *path.relative_to(HOUSE).parent.parts)
    found = []
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.ImportFrom):
            if node.level:
                base = package[: len(package) - node.level + 1]
                parts = [*base, *(node.module or "").split(".")]
                names = [".".join(filter(None, parts))]
                if not node.module:
                    names = [f"{'.'.join(base)}.{a.name}" for a in node.names]
            else:
                names = [node.module or ""]
        elif isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        for name in names:
            if name in ("servicepo", "servicepo.__version__"):
                found.append(("", node in at_top))
            elif name.startswith("servicepo."):
                found.append((name.removeprefix("servicepo."), node in at_top))
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(HOUSE)))
def test_a_file_imports_only_from_floors_below(path):
    module = ".".join(path.relative_to(HOUSE).with_suffix("").parts)
    room = room_of(module)
    for imported, at_top in own_imports(path):
        assert at_top, f"{path.name} imports {imported} inside a function"
        other = room_of(imported) if imported else None
        if other is None:  # the front door itself (its version)
            continue
        same_folder = (HOUSE / room).is_dir() and room != "methods" and room == other
        assert same_folder or FLOORS[other] < FLOORS[room], f"{module} may not import {imported}"


def test_every_room_has_a_floor():
    rooms = {p.name for p in HOUSE.iterdir() if p.is_dir() and any(p.glob("*.py"))}
    rooms |= {p.stem for p in HOUSE.glob("*.py")} - {"__init__"}
    assert rooms <= set(FLOORS)


def test_no_file_is_longer_than_a_room_should_be():
    long = {p.name: n for p in FILES if (n := len(p.read_text("utf-8").splitlines())) > 620}
    assert long == {}


def test_folder_fronts_hold_no_logic():
    for front in HOUSE.glob("*/__init__.py"):
        if front.parent.name == "charts":
            continue
        body = ast.parse(front.read_text(encoding="utf-8")).body
        imports = (ast.ImportFrom, ast.Import, ast.Assign)
        assert ast.get_docstring(ast.parse(front.read_text(encoding="utf-8")))
        assert all(isinstance(node, imports) for node in body[1:]), front


# Files with sentences that are still to be translated.
def test_every_warning_can_be_said_in_chinese():
    """What the command line shows to a Chinese reader is Chinese."""
    mute = set()
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "id", getattr(node.func, "attr", ""))
            by_class = name == "warn" and any(
                getattr(part, "id", "") == "MethodWarning" for part in node.args
            )
            made = name == "MethodWarning"
            if by_class or (made and not any(word.arg == "zh" for word in node.keywords)):
                mute.add(path.relative_to(HOUSE).as_posix())
    assert mute == set()


def test_importing_changes_nothing_and_loads_nothing_heavy():
    code = (
        "import sys, servicepo; "
        "heavy = {'pandas', 'numpy', 'matplotlib', 'seaborn', 'ibis', 'duckdb', 'scipy'}; "
        "print(sorted(heavy & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_promised_name_is_there():
    import servicepo as sp

    for name in sp.__all__:
        assert getattr(sp, name) is not None
    assert "read" in dir(sp)
    with pytest.raises(AttributeError, match="no attribute 'rad'"):
        _ = sp.rad
