"""The empty sheets: what they ask for and allow, and that they can be read when filled in."""

import datetime
import filecmp

import openpyxl
import pandas as pd
import pytest

from servicepo.framework import load_framework
from servicepo.labels import word
from servicepo.reading.aliases import code_of, field_of
from servicepo.reading.read import read
from servicepo.tables import FAMILY
from servicepo.templates import write_templates

LANGUAGES = ("zh", "en")
BOOKS = {
    "zh": ["党组织名册", "考核评分", "服务台账", "测评问卷"],
    "en": ["organisations", "evaluations", "services", "surveys"],
}
TABLES = ("organisations", "evaluations", "services", "surveys")


@pytest.fixture(scope="module", params=LANGUAGES)
def books(request, tmp_path_factory):
    """Return the language and the four workbooks."""
    paths = write_templates(tmp_path_factory.mktemp("templates"), language=request.param)
    return request.param, [openpyxl.load_workbook(path) for path in paths]


def header_of(sheet):
    """Return the lowest label above each column; the example row stands below."""
    depth = next(r for r in (2, 3) if sheet.cell(r, 1).value in ("示例", "example")) - 1
    return [
        next(sheet.cell(r, c).value for r in range(depth, 0, -1) if sheet.cell(r, c).value)
        for c in range(1, sheet.max_column + 1)
    ], depth


def rules_of(sheet):
    """Return the validation of each column by its letter."""
    return {
        str(rule.sqref).split(":", maxsplit=1)[0].rstrip("0123456789"): rule
        for rule in sheet.data_validations.dataValidation
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_four_workbooks_are_written(tmp_path, language):
    paths = write_templates(tmp_path / "new" / "folder", language=language)
    assert [path.stem for path in paths] == BOOKS[language]
    assert all(path.is_file() for path in paths)


def test_every_book_begins_with_instructions(books):
    language, opened = books
    for book in opened:
        first = book.worksheets[0]
        assert first.title == word("template.instructions", language)
        text = [cell for row in first.iter_rows(values_only=True) for cell in row if cell]
        assert any(word("template.rule.private", language) in str(cell) for cell in text)
        for sheet in book.worksheets[1:]:
            named = word("template.sheet", language).format(sheet=sheet.title)
            assert named in text


def test_headers_are_ones_that_reading_knows(books):
    _, opened = books
    for table, book in zip(TABLES, opened, strict=True):
        for sheet in book.worksheets[1:]:
            headers, _ = header_of(sheet)
            for header in headers[1:]:
                known = {found for found, _ in field_of(header)}
                is_score = table == "evaluations" and header.endswith("分)")
                is_vote = table == "surveys" and code_of("answer", pd.Series([header])).notna()[0]
                assert table in known or is_score or is_vote, header


def test_words_to_choose_from_are_ones_that_reading_knows(books):
    language, opened = books
    checked = 0
    for table, book in zip(TABLES, opened, strict=True):
        for sheet in book.worksheets[1:]:
            headers, _ = header_of(sheet)
            for letter, rule in rules_of(sheet).items():
                if rule.type != "list":
                    continue
                header = headers[openpyxl.utils.column_index_from_string(letter) - 1]
                field = next(f for t, f in field_of(header) if t == table)
                words = pd.Series(rule.formula1.strip('"').split(","))
                codes = code_of(FAMILY.get(field, field), words)
                assert codes.notna().all(), words[codes.isna()].tolist()
                assert codes.is_unique
                checked += 1
    assert checked == {"zh": 16, "en": 15}[language]  # Excel takes no list of all activities


def test_scores_are_held_within_the_full_mark(books):
    _, opened = books
    for sheet in opened[1].worksheets[1:]:
        headers, depth = header_of(sheet)
        rules = rules_of(sheet)
        scored = [c for c, header in enumerate(headers, 1) if header.endswith("(100分)")]
        assert len(scored) == 24
        for c in scored:
            rule = rules[openpyxl.utils.get_column_letter(c)]
            assert (rule.type, float(rule.formula1), float(rule.formula2)) == ("decimal", 0, 100)
            example = sheet.cell(depth + 1, c).value
            assert example == "/" or 0 <= example <= 100


def test_only_superiors_name_their_team(books):
    language, opened = books
    sheets = opened[1].worksheets[1:]
    named = [
        sheet.title for sheet in sheets if word("field.rater", language) in header_of(sheet)[0]
    ]
    assert named == [word("source.superior", language)]


def test_dimensions_stand_in_merged_headers_above_their_items(books):
    language, opened = books
    sheet = opened[1].worksheets[1]
    merged = {str(cells) for cells in sheet.merged_cells.ranges}
    tops = {sheet[cells.split(":")[0]].value: cells for cells in merged}
    team = next(d for d in load_framework("six_haves").dimensions if d.code == "team")
    first, last = tops[team.label(language)].split(":")
    assert (sheet[first].row, sheet[last].row) == (1, 1)
    assert sheet[last].column - sheet[first].column == 2
    assert sheet.cell(2, sheet[first].column).value == "服务意识(100分)"


def test_what_one_sector_only_is_asked_for_is_said(tmp_path):
    book = openpyxl.load_workbook(write_templates(tmp_path)[1])
    lines = [row[0] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert "服务载体 / 村服务任务(100分)：村服务任务；仅适用于：村，其余写“/”" in lines
    assert "党组织：必填；党组织全称，各表写法须一致" in lines


def test_a_framework_asks_for_its_own_items(tmp_path):
    book = openpyxl.load_workbook(write_templates(tmp_path, framework="five_tasks")[1])
    records = book[word("source.record")]
    headers, _ = header_of(records)
    assert {"村书记报酬", "当地农村劳动力平均收入", "社区工作者报酬", "当地社会平均工资"} <= set(
        headers
    )
    assert "households" not in headers
    assert len(set(headers)) == len(headers)


def test_a_framework_may_be_handed_over_as_it_is(tmp_path):
    framework = load_framework("base_plus_plan")
    paths = write_templates(tmp_path, framework=framework)
    # It asks no survey questions, so no survey sheet is handed out.
    assert [path.stem for path in paths] == ["党组织名册", "考核评分", "服务台账"]
    sheets = openpyxl.load_workbook(paths[1]).sheetnames
    assert sheets == ["填写说明", word("source.superior")]


def test_the_same_call_writes_the_same_bytes(tmp_path):
    one = write_templates(tmp_path / "one")
    other = write_templates(tmp_path / "other")
    assert all(filecmp.cmp(a, b, shallow=False) for a, b in zip(one, other, strict=True))


def test_another_language_is_refused(tmp_path):
    with pytest.raises(ValueError, match="language must be") as caught:
        write_templates(tmp_path / "fr", language="fr")
    assert str(caught.value) == 'language must be "zh" or "en", got \'fr\'. Give one of the two.'
    assert not (tmp_path / "fr").exists()


# -- filled in -------------------------------------------------------------------------------------


def fill(path, sheet, rows):
    """Write rows below the example row, as a user would."""
    book = openpyxl.load_workbook(path)
    page = book[sheet]
    _, depth = header_of(page)
    for r, row in enumerate(rows, depth + 2):
        for c, cell in enumerate(row, 1):
            page.cell(r, c).value = cell
    book.save(path)


@pytest.mark.parametrize("language", LANGUAGES)
def test_filled_templates_are_read_without_a_problem(tmp_path, language):
    paths = write_templates(tmp_path, language=language)
    orgs = ["清溪镇甲村党支部", "清溪镇乙社区党总支"]

    def say(key):
        return word(key, language)

    where = ["示例省", "示例市", "示例县", "清溪镇", "清溪镇党委"]
    leads = say("core_role.leadership_core")
    village = [say("sector.village"), *where, say("level.branch"), leads, 30, 400, 7, 6]
    community = [say("sector.community"), *where, say("level.general_branch"), leads, 60, 1200]
    rows = [[1, orgs[0], *village, say("tag.poor")], [2, orgs[1], *community, 12, 15, None]]
    fill(paths[0], say("table.organisations"), rows)
    scores = [70 + k for k in range(24)]
    for source in ("self", "mass", "superior"):
        team = ["第2考评组"] if source == "superior" else []
        rows = [[k + 1, org, "2024", *team, *scores] for k, org in enumerate(orgs)]
        fill(paths[1], say(f"source.{source}"), rows)
    days = [datetime.date(2024, 3, day) for day in (4, 5, 18, 11)]
    words = ["service.livelihood", "need.medical", "channel.hotline", "tier.township", "way.agency"]
    closing = [say("disposal.relayed"), say("answer.average"), None, 2]
    case = [1, "2024-0001", orgs[0], *map(say, words), *days, *closing]
    words = ["channel.visits", "tier.village", "way.direct"]
    opening = [2, "2024-0002", orgs[1], say("service.masses"), None, *map(say, words), days[0]]
    call = [*opening, *[None] * 5, say("visit.disabled"), 1]
    fill(paths[2], say("table.services"), [case, call])
    votes = [20, 10, 5, 3, 2, 18, 12, 6, 2, 2]
    rows = [[k + 1, org, "2024", 50, *votes] for k, org in enumerate(orgs)]
    fill(paths[3], say("template.mass"), rows)

    data = read(tmp_path)
    assert data.problems.loc[data.problems["severity"] != "notice"].empty
    assert sorted(data.organisations.index) == sorted(orgs)
    first = data.organisations.loc[orgs[0]]
    assert (first["sector"], first["domain"], first["level"]) == ("village", "rural", "branch")
    assert (first["tags"], first["members"], first["grids"]) == ("poor", 30, 6)
    assert data.evaluations.groupby("source").size().to_dict() == dict.fromkeys(
        ("mass", "self", "superior"), 48
    )
    one = data.evaluations[data.evaluations["indicator"] == "服务水平"]
    assert one["score"].eq(72).all()
    assert one["full_mark"].eq(100).all()
    assert one["period"].eq("2024").all()
    case, call = (data.services.set_index("record").loc[f"2024-000{k}"] for k in (1, 2))
    assert (case["service"], case["need"], case["way"]) == ("livelihood", "medical", "agency")
    assert (case["channel"], case["tier"], case["disposal"]) == ("hotline", "township", "relayed")
    assert case["due"] == pd.Timestamp(2024, 3, 18)
    assert case["replied"] == pd.Timestamp(2024, 3, 11)
    assert (case["satisfaction"], case["times"]) == ("average", 2)
    assert (call["visit"], call["channel"]) == ("disabled", "visits")
    assert pd.isna(call["replied"])
    assert data.surveys["respondent"].eq("mass").all()
    counts = data.surveys[data.surveys["org"] == orgs[0]].set_index(["question", "answer"])["count"]
    assert counts["总体满意度", "satisfied"] == 20
    assert counts["服务业绩认可", "unknown"] == 2


def test_the_example_village_has_no_marks_for_the_tasks_of_others(tmp_path):
    write_templates(tmp_path)
    sheet = openpyxl.load_workbook(tmp_path / "考核评分.xlsx")["自评"]
    example = {sheet.cell(2, c).value: sheet.cell(3, c).value for c in range(1, 30)}
    assert example["村服务任务(100分)"] == 85
    assert example["社区服务任务(100分)"] == "/"
