import pytest

from servicepo.errors import TableError
from servicepo.reading.mapping import load_mapping
from servicepo.reading.read import read

LEDGER = "case,office,way_in,opened,closed,note\n1,East,Internet,2011-10-11T23:30:00+00:00,,x\n"


@pytest.fixture
def ledger(tmp_path):
    path = tmp_path / "cases_2011.csv"
    path.write_text(LEDGER, encoding="utf-8")
    return path


COLUMNS = {
    "case": "record",
    "office": "org",
    "way_in": "channel",
    "opened": "accepted",
    "closed": "replied",
    "note": "ignore",
}


def entry(**more):
    return {"files": [{"match": "cases*", "columns": COLUMNS, **more}]}


def test_foreign_columns_words_constants_and_zone(ledger):
    data = read(
        ledger,
        mapping=entry(
            timezone="Europe/Amsterdam",
            constants={"service": "服务民生", "sector": "机关"},
            values={"channel": {"Internet": "network"}},
        ),
    )
    (event,) = data.services.itertuples()
    assert (event.record, event.org, event.channel, event.service) == (
        *("1", "East", "network", "livelihood"),
    )
    assert str(event.accepted) == "2011-10-12 01:30:00"
    assert data.organisations.loc["East", ["sector", "domain"]].tolist() == [
        *("government_organ", "organs")
    ]
    assert data.problems["rule"].tolist() == ["column_ignored"]


def test_moments_are_told_in_china_where_no_zone_is_given(ledger):
    data = read(ledger, mapping=entry(table="services"))
    assert str(data.services["accepted"].iloc[0]) == "2011-10-12 07:30:00"


def test_a_mapping_file_says_the_same(ledger, tmp_path):
    path = tmp_path / "mapping.toml"
    path.write_text(
        '[[files]]\nmatch = "cases*"\ntable = "services"\n[files.columns]\n'
        + "\n".join(f'{theirs} = "{ours}"' for theirs, ours in COLUMNS.items()),
        encoding="utf-8",
    )
    assert read(ledger, mapping=path).services["org"].tolist() == ["East"]


def test_an_entry_that_meets_nothing_is_told(ledger):
    mapping = entry(table="services")
    mapping["files"].append({"match": "other.csv", "columns": {"a": "org"}})
    problems = read(ledger, mapping=mapping).problems
    (found,) = problems[problems["rule"].eq("mapping_unused")].itertuples()
    assert found.must == "mapping 的每一项都须对应文件，other.csv 没有"


def test_a_column_that_is_not_there_is_refused_with_the_near_one(ledger):
    with pytest.raises(TableError) as error:
        read(ledger, mapping={"files": [{"columns": {"offices": "org", "opened": "accepted"}}]})
    assert str(error.value) == (
        "a column of the mapping must stand in the file, got 'offices' (at cases_2011.csv). "
        "Perhaps 'office' is meant."
    )


def test_a_mapping_for_one_sheet_leaves_the_others(write):
    own = ([["who", "服务意识"], ["张村", 9]], [])
    usual = ([["党组织", "服务作风"], ["张村", 8]], [])
    path = write("2023年组织考评.xlsx", 甲=own, 乙=usual)
    data = read(path, mapping={"files": [{"columns": {"who": "org"}}]})
    assert data.evaluations["indicator"].tolist() == ["服务意识", "服务作风"]


def test_a_mapping_is_checked_whole():
    with pytest.raises(TableError) as error:
        load_mapping(
            {
                "files": [
                    {
                        "match": 3,
                        "colums": {},
                        "table": "service",
                        "columns": {"case": "recrod"},
                        "constants": {"periode": "2020"},
                        "values": {"channel": "x"},
                        "timezone": "Mars/Base",
                    },
                    "x",
                ]
            }
        )
    lines = str(error.value).splitlines()
    assert lines[0] == "match must be text, got 3 (at $.files[0].match). Mend it."
    assert lines[1] == (
        "a key must be one of match, sheet, table, columns, constants, values, timezone, "
        "got 'colums' (at $.files[0]). Rename it."
    )
    assert lines[2] == (
        "table must be one of organisations, evaluations, services, surveys, got 'service' "
        "(at $.files[0].table). Choose one of them."
    )
    assert lines[3].endswith('(at $.files[0].columns.case). Perhaps "record" is meant.')
    assert lines[4].endswith('(at $.files[0].constants.periode). Perhaps "period" is meant.')
    assert lines[5].startswith("values must be tables of words, got 'x'")
    assert lines[6] == (
        "timezone must be a name such as Asia/Shanghai, got 'Mars/Base' "
        "(at $.files[0].timezone). Mend the name."
    )
    assert lines[7] == "an entry must be a table, got 'x' (at $.files[1]). Write [[files]]."
    assert len(lines) == 8


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            {"columns": {}},
            "a mapping must hold [[files]] entries and nothing else, got ['columns']. "
            "Write one [[files]] entry with match and columns.",
        ),
        ("none.toml", "mapping must be a TOML file that exists, got 'none.toml'. Check the path."),
    ],
)
def test_what_is_no_mapping_is_refused(content, message):
    with pytest.raises(TableError) as error:
        load_mapping(content)
    assert str(error.value) == message


def test_broken_toml_is_refused_with_its_line(tmp_path):
    path = tmp_path / "m.toml"
    path.write_text("[[files]\n", encoding="utf-8")
    with pytest.raises(TableError) as error:
        load_mapping(path)
    assert str(error.value).startswith("mapping must be a TOML file in UTF-8, got ")
    assert "line 1" in str(error.value)
    assert str(error.value).endswith("(at m.toml). Mend that line.")
