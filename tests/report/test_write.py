import json
from hashlib import sha256

import numpy as np
import pandas as pd
import pytest

import servicepo as sp
from servicepo.report import write


@pytest.fixture(scope="module")
def index():
    framework = sp.load_framework("six_haves")
    rows = pd.MultiIndex.from_product(
        [[f"org{n}" for n in range(8)], pd.period_range("2024", periods=1, freq="Y")],
        names=["org", "period"],
    )
    codes = [i.code for i in framework.indicators if not i.sectors and i.unit == "points"]
    marks = np.random.default_rng(0).uniform(60, 100, (8, len(codes)))
    return sp.build_index(pd.DataFrame(marks, index=rows, columns=codes), framework)


def test_everything_is_written_and_listed_with_its_digest(index, tmp_path):
    steps = []
    report = sp.write_report(index, tmp_path / "out", progress=steps.append)
    manifest = json.loads((report.folder / "manifest.json").read_text("utf-8"))
    on_disk = {
        path.relative_to(report.folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in report.folder.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert manifest["files"] == on_disk
    assert {"report.html", "report.docx", "tables.xlsx"} <= set(on_disk)
    assert {path.suffix for path in report.paths} == {
        ".html",
        ".docx",
        ".xlsx",
        ".png",
        ".svg",
        ".json",
    }
    assert manifest["framework"] == {"id": "six_haves", "version": "1"}
    assert manifest["choices"]["normalise"] == "minmax"
    assert str(tmp_path) not in json.dumps(manifest)
    assert steps[-1] == "写出文件"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_the_same_index_gives_the_same_bytes_and_replaces_its_former_report(index, tmp_path):
    def files():
        report = sp.write_report(index, tmp_path / "out", formats=["docx", "xlsx"])
        return {path.name: path.read_bytes() for path in report.paths}

    assert files() == files()


def test_only_the_asked_formats_are_written(index, tmp_path):
    report = sp.write_report(index, tmp_path / "out", formats=["xlsx"])
    assert [path.name for path in report.paths] == ["tables.xlsx", "manifest.json"]
    assert repr(report) == f"Report({str(tmp_path / 'out')!r}: 2 files)"


def test_an_unknown_format_is_refused(index, tmp_path):
    with pytest.raises(sp.MethodError) as error:
        sp.write_report(index, tmp_path / "out", formats=["pdf"])
    assert str(error.value) == (
        "formats must be some of html, docx, xlsx, png, got 'pdf'. Leave it out."
    )


def test_a_folder_that_holds_anything_else_is_left_alone(index, tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    with pytest.raises(sp.MethodError) as error:
        sp.write_report(index, tmp_path)
    assert str(error.value) == (
        "out must be new, empty or hold a former report only, got 'thesis.docx' in "
        f"{str(tmp_path)!r}. Move it away or name another folder."
    )
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.docx"]


def test_a_file_in_the_way_is_refused(index, tmp_path):
    place = tmp_path / "out"
    place.write_text("mine")
    with pytest.raises(sp.MethodError) as error:
        sp.write_report(index, place)
    assert str(error.value) == (
        f"out must be a folder, got the file {str(place)!r}. Name another place."
    )


def test_own_files_put_into_a_former_report_protect_it(index, tmp_path):
    sp.write_report(index, tmp_path / "out", formats=["xlsx"])
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(sp.MethodError, match=r"got 'notes\.txt'"):
        sp.write_report(index, tmp_path / "out", formats=["xlsx"])


def test_a_failure_leaves_the_former_report_and_nothing_half_written(index, tmp_path, monkeypatch):
    out = tmp_path / "out"
    sp.write_report(index, out, formats=["xlsx"])
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        sp.write_report(index, out, formats=["xlsx"])
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_failing_writer_leaves_nothing(index, tmp_path, monkeypatch):
    def broken(*_):
        raise RuntimeError("broken")

    monkeypatch.setattr(write, "compose_xlsx", broken)
    with pytest.raises(RuntimeError, match="broken"):
        sp.write_report(index, tmp_path / "out", formats=["xlsx"])
    assert list(tmp_path.iterdir()) == []
