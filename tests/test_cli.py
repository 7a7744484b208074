import os
import subprocess
import sys

import pandas as pd
import pytest
from typer.testing import CliRunner

import servicepo as sp
from servicepo.cli import app
from servicepo.synthetic.files import write_county

run = CliRunner().invoke


@pytest.fixture(scope="module")
def county(tmp_path_factory):
    folder = tmp_path_factory.mktemp("county")
    data, _ = sp.synthesise(16, 1, seed=2)
    write_county(data, folder, seed=2)
    return folder


def one_line(text):
    """What stands on stderr beside the steps, which begin with their seconds."""
    lines = [line for line in text.splitlines() if line.strip() and " s  " not in line]
    assert len(lines) == 1, lines
    return lines[0]


def test_report_goes_from_a_folder_of_sheets_to_a_report(county, tmp_path):
    out = str(tmp_path / "out")
    result = run(app, ["report", str(county), "--out", out, "--normalise", "goalposts"])
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out" / "report.html").is_file()
    read, written = result.stdout.splitlines()
    assert read.startswith("读取 ")
    assert "错误 " in read
    assert written.startswith("报告已写入")
    assert "读取资料" in result.stderr
    assert "写出文件" in result.stderr


def test_check_prints_the_problems_and_ends_with_their_numbers(county, tmp_path):
    saved = tmp_path / "problems.csv"
    result = run(app, ["check", str(county), "--out", str(saved)])
    assert result.exit_code == 0, result.stderr
    last = result.stdout.splitlines()[-1]
    data = sp.read(county)
    errors = (data.problems["severity"] == "error").sum()
    assert f"错误 {errors} 处" in last
    lines = saved.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("性质,问题,文件,工作表,行,列,原文,要求,如何改正")


def test_check_prints_a_problem_of_a_whole_sheet_which_has_no_row(tmp_path):
    ledger = (
        "编号,受理单位,服务事项类别,受理时间,办结时间\n1,东村党支部,服务民生,2024.1.5,2024.1.9\n"
    )
    (tmp_path / "服务台账.csv").write_text(ledger, "gbk")
    result = run(app, ["check", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert "列名须是所识别的字段" in result.stdout


def test_check_tells_once_what_is_wrong_in_many_cells(tmp_path):
    rows = "".join(f"{i},东村党支部,服务民生,2024.1.{i},尽快{i % 7},是\n" for i in range(1, 21))
    ledger = f"编号,受理单位,服务类别,受理时间,承诺日期,自设一列\n{rows}"
    (tmp_path / "服务台账.csv").write_text(ledger, "gbk")
    result = run(app, ["check", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert result.stdout.count("承诺日期须为日期") == 1
    assert "E2 等 20 处" in result.stdout
    assert "尽快1、尽快2、尽快3、" in result.stdout
    assert "说明：未识别的列 1 处（自设一列）" in result.stdout
    assert "错误 20 处" in result.stdout


def test_check_names_the_field_where_no_column_tells_it(tmp_path):
    ledger = "登记号,支部名称,事项,办结时间\n1,东村党支部,修路,2024-03-03\n"
    (tmp_path / "服务台账.csv").write_text(ledger, "gbk")
    result = run(app, ["check", str(tmp_path)])
    assert result.exit_code == 0, result.stderr
    assert "2 受理日期" in result.stdout
    assert "accepted" not in result.stdout


def test_check_speaks_english_when_asked(county):
    result = run(app, ["check", str(county), "--language", "en"])
    assert "files read" in result.stdout.splitlines()[-1]
    assert "reading the files" in result.stderr


def test_template_writes_the_templates(tmp_path):
    result = run(app, ["template", str(tmp_path)])
    assert result.exit_code == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted(
        os.path.basename(line) for line in result.stdout.split()
    )


def test_template_asks_for_the_items_of_another_framework(tmp_path):
    result = run(app, ["template", str(tmp_path), "--framework", "base_plus_plan"])
    assert result.exit_code == 0, result.stderr
    header = pd.read_excel(tmp_path / "考核评分.xlsx", sheet_name=1, header=None, engine="openpyxl")
    assert "党费缴纳(100分)" in header.to_numpy()


def test_version():
    assert run(app, ["--version"]).stdout == f"servicepo {sp.__version__}\n"


def test_python_m_servicepo_runs_the_same_command_line():
    result = subprocess.run(
        [sys.executable, "-m", "servicepo", "--version"], capture_output=True, text=True, check=True
    )
    assert result.stdout == f"servicepo {sp.__version__}\n"


def test_help_loads_nothing_heavy():
    code = (
        "import sys; from servicepo.cli import app; "
        "print(sorted({'pandas', 'matplotlib', 'ibis', 'scipy'} & set(sys.modules)))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_a_missing_folder_is_one_line_and_status_2(tmp_path):
    result = run(app, ["report", str(tmp_path / "none"), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert one_line(result.stderr).startswith("错误：")
    assert str(tmp_path / "none") in one_line(result.stderr)
    assert not (tmp_path / "out").exists()


def test_an_empty_folder_is_one_line_and_status_2(tmp_path):
    for command in (["report", "--out", str(tmp_path / "out")], ["check"]):
        result = run(app, [command[0], str(tmp_path), *command[1:]])
        assert result.exit_code == 2
        assert one_line(result.stderr).startswith("错误：")


def test_a_folder_with_nothing_recognisable_is_one_line_and_status_2(tmp_path):
    (tmp_path / "letter.csv").write_text("dear,all\n1,2\n", encoding="utf-8")
    result = run(app, ["check", str(tmp_path), "--language", "en"])
    assert result.exit_code == 2
    assert one_line(result.stderr).startswith("Error: ")


def test_a_wrong_framework_is_told_before_anything_is_read(county, tmp_path):
    arguments = ["report", str(county), "--out", str(tmp_path / "out"), "--framework", "six_have"]
    result = run(app, arguments)
    assert result.exit_code == 2
    assert "six_haves" in one_line(result.stderr)
    assert "读取资料" not in result.stderr


def test_mistakes_of_a_framework_file_are_told_line_by_line(county, tmp_path):
    mine = tmp_path / "mine.toml"
    mine.write_text('id = "mine"\nversion = "1"\nname = "本县"\ncitation = "某文"\n', "utf-8")
    options = ["--out", str(tmp_path / "out"), "--framework", str(mine)]
    result = run(app, ["report", str(county), *options])
    assert result.exit_code == 2
    first, *rest = result.stderr.splitlines()
    assert first.startswith("错误：A framework must be declared without mistakes")
    assert rest
    assert all(line.startswith("- ") for line in rest)


def test_a_folder_in_use_is_told_before_anything_is_read(county, tmp_path):
    (tmp_path / "thesis.docx").write_text("mine")
    result = run(app, ["report", str(county), "--out", str(tmp_path)])
    assert result.exit_code == 2
    assert "'thesis.docx'" in one_line(result.stderr)
    assert "读取资料" not in result.stderr


def test_whatever_else_goes_wrong_is_one_line_without_a_traceback(tmp_path, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(sp, "read", broken, raising=False)
    result = run(app, ["check", str(tmp_path)])
    assert result.exit_code == 2
    assert one_line(result.stderr) == (
        "错误：意外情况（ZeroDivisionError: division by zero）。"
        "设 SERVICEPO_TRACEBACK=1 再运行可看到详情。"
    )
    monkeypatch.setenv("SERVICEPO_TRACEBACK", "1")
    assert isinstance(run(app, ["check", str(tmp_path)]).exception, ZeroDivisionError)


def test_usage_errors_end_with_status_2():
    assert run(app, ["report"]).exit_code == 2
    assert run(app, ["report", "x", "--out", "y", "--period", "W"]).exit_code == 2
