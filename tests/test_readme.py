"""What the README tells newcomers to type works, and both languages tell the same."""

import re
from pathlib import Path

import pytest

from servicepo.errors import MethodWarning

ROOT = Path(__file__).parents[1]


def blocks(name, kind):
    text = (ROOT / name).read_text(encoding="utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def without_comments(code):
    return [line.split("#")[0].rstrip() for line in code.splitlines()]


def test_both_readmes_give_the_same_commands_and_code():
    assert blocks("README.md", "sh") == blocks("README.zh-CN.md", "sh")
    ours = [without_comments(code) for code in blocks("README.md", "python")]
    theirs = [without_comments(code) for code in blocks("README.zh-CN.md", "python")]
    for mine, other in zip(ours, theirs, strict=True):
        assert [a.replace('"en"', '"zh"') for a in mine] == other


def test_there_are_two_commands_and_the_second_runs_the_tests():
    setup, tests = blocks("README.md", "sh")
    assert "servicepo report data/sample --out out" in setup
    assert tests.strip() == ".venv/bin/python -m pytest -n 2"


def test_the_ten_lines_run(tmp_path, monkeypatch, capsys):
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    (code,) = blocks("README.md", "python")
    with pytest.warns(MethodWarning, match="left out: 梅垄镇有国林场党委"):
        exec(compile(code, "README.md", "exec"), {})
    assert (tmp_path / "out" / "report.html").stat().st_size > 100_000
    assert "framework" in capsys.readouterr().out
