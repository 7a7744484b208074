"""Sources side by side: by hand, with planted inflation, against indices built again."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import servicepo as sp
from servicepo.errors import MethodError, MethodWarning
from servicepo.framework import load_framework
from servicepo.methods.agreement import icc, krippendorff_alpha

FRAMEWORK = """
id = "three_parties"
name = "三方评价"
citation = "made for the tests"
[source_weights]
self = 0.15
mass = 0.20
superior = 0.65
"""
ITEMS = {
    "team": ("服务意识", "服务作风", "服务水平"),
    "backbone": ("带头服务", "带领服务", "带动服务"),
    "premises": ("便捷服务", "便利活动", "便于议事"),
}
SURVEYED = """
[[dimensions]]
code = "results"
name = "服务业绩"
weight = 0.5
citation = "-"
[[dimensions.indicators]]
code = "recognised"
name = "认可"
unit = "share"
goalposts = [0, 1]
[dimensions.indicators.source]
kind = "survey"
question = "服务业绩认可"
respondent = "mass"
scale = { satisfied = 1, mostly_satisfied = 0.8, average = 0.6, dissatisfied = 0 }
unknown = "exclude"
[[dimensions.indicators]]
code = "village_task"
name = "村服务任务"
unit = "points"
full_mark = 100
sectors = ["village"]
source = { kind = "evaluation", item = "村服务任务" }
"""


def declared(head=FRAMEWORK):
    parts = [head]
    for weight, (code, items) in enumerate(ITEMS.items(), 1):
        parts.append(f'[[dimensions]]\ncode = "{code}"\nname = "{code}"\nweight = {weight}\n')
        parts.append('citation = "-"\n')
        for n, item in enumerate(items):
            parts.append(
                f'[[dimensions.indicators]]\ncode = "{code}_{n}"\nname = "{item}"\n'
                f'unit = "points"\nfull_mark = 100\nweight = {n + 1}\n'
                f'source = {{ kind = "evaluation", item = "{item}" }}\n'
            )
    return "".join([*parts, SURVEYED])


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """Return a function: text of a framework -> the framework."""
    folder = tmp_path_factory.mktemp("frameworks")

    def loaded(text=None):
        path = folder / "three_parties.toml"
        path.write_text(text or declared(), encoding="utf-8")
        return load_framework(path)

    return loaded


@pytest.fixture(scope="module")
def county():
    return sp.synthesise(organisations=300, years=1, seed=0)


@pytest.fixture(scope="module")
def built(load):
    """Return a function: data -> the index."""

    def build(data, framework=None, **choices):
        framework = framework or load()
        values = sp.tally(data, framework)
        return sp.build_index(values, framework, organisations=data.organisations, **choices)

    return build


@pytest.fixture(scope="module")
def index(county, built):
    return built(county[0])


@pytest.fixture(scope="module")
def compared(index):
    return sp.compare_sources(index, names=True)


def refusal(*args, **kwargs):
    with pytest.raises(MethodError) as caught:
        sp.compare_sources(*args, **kwargs)
    return str(caught.value)


def changed(data, mask, **columns):
    rows = data.evaluations.copy()
    for column, value in columns.items():
        rows.loc[mask, column] = value
    return replace(data, evaluations=rows)


def test_differences_by_hand(compared, county, index):
    org = county[0].organisations.index[5]
    rows = county[0].evaluations
    rows = rows[(rows["org"] == org) & (rows["source"] != "record")]
    wide = rows.pivot_table("score", "indicator", "source")
    code = {i.source["item"][0]: i.code for i in index.framework.indicators if "item" in i.source}
    wide = wide[wide.index.isin(code)]
    wide.index = wide.index.map(code)
    scores = compared.scores.loc[org].drop("overall")
    assert_allclose(scores.loc[wide.index, ["self", "mass"]], wide[["self", "mass"]])
    group = index.group_of_row.loc[org].item()
    weight = index.weights.loc[group, "global_weight"].reindex(wide.index)
    mine = compared.divergence[compared.divergence["org"] == org]
    mine = mine.set_index(["indicator", "source", "other"])["difference"]
    apart = wide["self"] - wide["superior"]
    assert mine["team_1", "self", "superior"] == pytest.approx(apart["team_1"])
    expected = (apart * weight).sum() / weight.sum()
    assert mine["overall", "self", "superior"] == pytest.approx(expected)
    told = compared.indicators.set_index(["indicator", "source", "other"])
    every = compared.divergence.set_index(["indicator", "source", "other"])["difference"]
    for key in [("team_1", "self", "mass"), ("overall", "mass", "superior")]:
        assert told.loc[key, "difference"] == pytest.approx(every.loc[key].mean())
        assert told.loc[key, "n"] == 300


def test_agreement_is_that_of_the_toolbox(compared):
    table = compared.scores.xs("team_1", level="indicator")
    told = compared.agreement.set_index(["indicator", "sources"])
    row = told.loc[("team_1", "self;mass;superior")]
    assert row["icc_agreement"] == pytest.approx(icc(table).loc["ICC(A,1)", "value"])
    assert row["alpha"] == pytest.approx(krippendorff_alpha(table))
    # Self-appraisal is inflated: it agrees on the order more than on the level.
    pair = told.loc[("overall", "self;superior")]
    assert pair["icc_consistency"] > pair["icc_agreement"] + 0.1
    assert set(told.loc["overall"].index) == {
        "self;mass;superior", "self;mass", "self;superior", "mass;superior",
    }  # fmt: skip


def planted(county, seed=0, spread=3.0):
    """Self-appraisals with known inflation, in a county whose superior teams are lenient or not."""
    data, truth = county
    draw = np.random.default_rng(seed)
    orgs = data.organisations.index
    extra = pd.Series(draw.normal(-4, spread, len(orgs)), orgs)
    rows = data.evaluations
    mine = rows["source"] == "self"
    of_item = {item: code for code, items in ITEMS.items() for item in items}
    dimension = rows["indicator"].map(of_item).fillna("results")[mine]
    wide = truth.droplevel("period")[[*ITEMS, "results"]]
    places = wide.index.get_indexer(rows.loc[mine, "org"])
    level = wide.to_numpy()[places, wide.columns.get_indexer(dimension)]
    score = level + extra[rows.loc[mine, "org"]].to_numpy() + draw.normal(0, 2, mine.sum())
    return changed(data, mine, score=score.clip(0, 100)), extra


def test_planted_inflation_is_found_where_raw_differences_mislead(county, built):
    data, extra = planted(county)
    compared = sp.compare_sources(built(data), names=True)
    table = compared.inflation.reindex(extra.index)
    # A county's teams are lenient on average by something; that is nobody's inflation.
    raw, shrunken = (table[c] - extra for c in ("difference", "inflation"))
    assert (shrunken - shrunken.mean()).std() < 0.85 * (raw - raw.mean()).std()
    centred = extra + shrunken.mean()
    held = ((table["low"] <= centred) & (centred <= table["high"])).mean()
    assert 0.85 <= held <= 0.96
    model = compared.model
    # A third source tells that the lenient teams are noise, so the slope is that of no compression.
    assert model.slope == pytest.approx(1, abs=0.08)
    assert model.trap < -0.1
    assert model.trap_by_noise == pytest.approx(model.trap, abs=0.08)
    assert model.sd_inflation == pytest.approx(3, abs=0.4)


def test_without_inflation_hardly_anybody_is_named(county, built):
    data, _ = planted(county, seed=2, spread=0.0)
    compared = sp.compare_sources(built(data), delta=0)
    # Everybody is 4 below what others say; raw differences still accuse some.
    assert (compared.inflation["difference"] > 0).mean() > 0.03
    assert (compared.inflation["probability"] > 0.5).mean() < 0.01


@pytest.mark.parametrize("weight", [0.0, 0.35, 1.0])
def test_the_path_is_what_a_framework_with_these_weights_gives(
    county, compared, built, load, weight
):
    text = declared()
    for source, share in (("self", 0.15), ("superior", 0.65)):
        text = re.sub(rf"(?m)^{source} = .*$", f"{source} = {share / 0.8 * (1 - weight)}", text)
    text = re.sub(r"(?m)^mass = .*$", f"mass = {weight}", text)
    other = built(county[0], load(text), normalise="goalposts")
    mine = compared.path[np.isclose(compared.path["weight"], weight)].set_index("org")
    expected = other.overall.droplevel("period")[mine.index]
    assert_allclose(mine["score"], expected)
    ranks = other.ranks().droplevel("period")["rank"]
    assert_allclose(mine["rank"], ranks[mine.index])
    graded = sp.grade(other).table["by_score"].droplevel("period")
    assert (mine["grade"].astype("str") == graded[mine.index].astype("str")).all()


def test_declared_weights_lie_on_the_path(compared):
    path = compared.path.set_index(["org", "weight"])["score"].unstack()  # noqa: PD010
    at = path[0.0] * 0.8 + path[1.0] * 0.2
    assert_allclose(at, compared.now["score"])


def test_critical_weights_and_crossings_are_exact(compared):
    ends = compared.path.set_index(["org", "weight"])["score"].unstack()[[0.0, 1.0]]  # noqa: PD010
    assert len(compared.critical) > 10
    for row in compared.critical.itertuples():
        score = ends.loc[row.org, 0.0] * (1 - row.weight) + ends.loc[row.org, 1.0] * row.weight
        assert score == pytest.approx(row.cut)
        assert abs(row.before != row.after)
    moved = compared.path.groupby("org", observed=True)["grade"].nunique()
    assert set(moved.index[moved > 1]) <= set(compared.critical["org"])
    org = compared.now.index[7]
    found = compared.crossings(org)
    group = compared.now.loc[org, "group"]
    peers = ends.loc[compared.now.index[compared.now["group"] == group]]
    for weight in (0.111, 0.5003, 0.97):
        scores = peers[0.0] * (1 - weight) + peers[1.0] * weight
        rank = 1 + (scores > scores[org]).sum()
        before = found[found["weight"] < weight]
        start = 1 + (peers[0.0] > peers.loc[org, 0.0]).sum()
        assert rank == (before["rank"].iloc[-1] if len(before) else start)


def test_lists_carry_codes_unless_names_are_asked_for(index, compared):
    coded = sp.compare_sources(index)
    names = set(index.overall.index.get_level_values("org"))
    for name in ("divergence", "path", "critical", "respondents"):
        assert not names & set(getattr(coded, name)["org"])
        assert set(getattr(compared, name)["org"]) <= names
    assert not names & set(coded.inflation.index)
    assert not names & set(coded.scores.index.get_level_values("org"))
    org = compared.now.index[3]
    by_name, by_code = coded.crossings(org), coded.crossings(coded.codes[org])
    pd.testing.assert_frame_equal(by_name, by_code)
    assert_allclose(by_name["weight"], compared.crossings(org)["weight"])
    assert not names & set(by_name["other"])
    # The same codes as in the list of weak branches.
    assert (sp.find_weak(index).codes == coded.codes).all()


def test_members_and_masses(compared, county):
    table = compared.respondents
    surveys = county[0].surveys
    row = table.iloc[0]
    own = surveys[(surveys["org"] == row["org"]) & (surveys["respondent"] == "member")]
    own = own[own["question"] == "服务业绩认可"].set_index("answer")["count"]
    worth = pd.Series({"satisfied": 1, "mostly_satisfied": 0.8, "average": 0.6, "dissatisfied": 0})
    own = own.reindex(worth.index).fillna(0)
    assert row["indicator"] == "recognised"
    assert row["member"] == pytest.approx((own * worth).sum() / own.sum())
    assert row["n_member"] == own.sum()
    assert table["shrunken"].std() < table["difference"].std()
    # Members answer more kindly, as planted.
    assert table["difference"].mean() > 0.01


def test_one_respondent_is_no_rate(county, built):
    data = county[0]
    org = data.organisations.index[0]
    surveys = data.surveys.copy()
    mine = (surveys["org"] == org) & (surveys["respondent"] == "member")
    surveys.loc[mine, "count"] = 0
    surveys.loc[mine & (surveys["answer"] == "satisfied"), "count"] = 1
    with pytest.warns(MethodWarning) as caught:
        compared = sp.compare_sources(built(replace(data, surveys=surveys)), names=True)
    assert [str(w.message) for w in caught] == [
        "A rate must rest on at least 2 answers to be compared, got one answer in 1 "
        "organisations, left out. Ask more people there."
    ]
    assert org not in set(compared.respondents["org"])


def test_bonuses_move_along_and_the_callers_frames_are_left_alone(county, built):
    data = county[0]
    org = data.organisations.index[2]
    rows = data.evaluations
    bonus = rows[(rows["org"] == org) & (rows["source"] == "superior")].head(1)
    bonus = bonus.assign(kind="bonus", score=3.0)
    given = replace(data, evaluations=pd.concat([rows, bonus], ignore_index=True))
    before = given.evaluations.copy()
    index = built(given, normalise="goalposts")
    values = index.values.copy()
    compared = sp.compare_sources(index, names=True)
    pd.testing.assert_frame_equal(given.evaluations, before)
    pd.testing.assert_frame_equal(index.values, values)
    plain = sp.compare_sources(built(data, normalise="goalposts"), names=True)
    gain = compared.path["score"] - plain.path["score"]
    mine = compared.path["org"] == org
    assert_allclose(gain[mine], gain[mine].iloc[0])
    assert gain[mine].iloc[0] > 0
    assert (gain[~mine] == 0).all()


def test_sentences(index, compared):
    assert repr(compared).startswith(
        "SourceComparison(2024: self, mass, superior of 300 organisations; "
    )
    assert "自评、群众测评、组织考评" in compared.methods()
    english = compared.methods("en")
    assert "with the probability of more than 5 points" in english
    assert "critical weights are solved exactly" in english
    assert "<table" in compared._repr_html_()


def test_what_is_left_out_is_told(county, index, built):
    veto = {"method": "arithmetic", "veto": {"thresholds": {"team_0": 60}, "cap": 59}}
    with pytest.warns(MethodWarning) as caught:
        compared = sp.compare_sources(index.rebuild(aggregate=veto))
    assert [str(w.message) for w in caught] == [
        f"An exact weight path needs an arithmetic aggregation without a veto, got {veto!r}; the "
        'path is left out. Build the index with aggregate="arithmetic" and goalposts from 0 to the '
        "full mark."
    ]
    assert compared.path is None
    with pytest.raises(MethodError) as caught:
        compared.crossings("村-001")
    assert str(caught.value) == (
        "there must be a weight path to look for crossings, got None. "
        "Compare sources in a period in which the masses and others scored."
    )
    few = county[0].organisations.index[:5]
    tables = {
        name: (table := getattr(county[0], name))[table["org"].isin(few)]
        for name in ("evaluations", "surveys")
    }
    small = replace(county[0], organisations=county[0].organisations.loc[few], **tables)
    with pytest.warns(MethodWarning) as caught:
        compared = sp.compare_sources(built(small, normalise="goalposts"), within="township")
    classes = compared.now["group"].nunique()
    assert str(caught[0].message) == (
        "Inflation needs at least 5 more organisations than classes with scores of 'self', "
        f"'superior' on several indicators or by several raters, got 5 in {classes} classes; it is "
        "left out. Add scores, or compare within=None."
    )
    assert compared.inflation is None


def test_refusals(county, index, built):
    data = county[0]
    rows = data.evaluations
    plain = sp.build_index(
        pd.DataFrame(index.values), index.framework, organisations=data.organisations
    )
    assert refusal(plain) == (
        "It must be known who scored to compare sources, got values without evaluations. "
        "Build the index from sp.tally(data, framework), with indicators of the kind evaluation."
    )
    assert refusal(index, pair=("self", "masss")) == (
        "pair must be a source that scored, got 'masss'. Did you mean 'mass'?"
    )
    assert refusal(index, rising="line") == (
        "rising must be a source that scored, got 'line'. Take one of self, mass, superior."
    )
    assert refusal(index, pair=("self", "self")) == (
        "pair must name two sources, got 'self' twice. Name another."
    )
    assert refusal(index, period="2020") == (
        "period must be one in which somebody scored, got '2020'. Take one of 2024."
    )
    assert refusal(index, delta=float("nan")) == (
        "delta must be a number of marks, got nan. Give 5, for example."
    )
    assert refusal(index, scheme="four_grades_quota") == (
        "scheme must grade by cut-offs for a weight path, got 'four_grades_quota'. "
        'Take "four_grades_2012", for example.'
    )
    scored = rows["source"].isin(["self", "mass"])
    alone = replace(data, evaluations=rows[~scored])
    assert refusal(built(alone)) == (
        "at least 2 sources must have scored in 2024 to be compared, got 'superior' alone. "
        "Choose another period or add the other sheets."
    )
    first = rows["org"].isin(data.organisations.index[:60])
    own, other = rows["source"] == "self", rows["source"] == "superior"
    split = replace(data, evaluations=rows[(own & first) | (other & ~first)])
    assert refusal(built(split)) == (
        "some organisation must be scored by 2 sources on one indicator to compare them, got none "
        "in 2024. Check that the sheets of 'self', 'superior' name the same organisations and "
        "items."
    )
    org, item = rows.loc[rows["source"] == "self", ["org", "indicator"]].iloc[0]
    one = (rows["source"] == "self") & (rows["org"] == org) & (rows["indicator"] == item)
    wrong = built(changed(data, one, score=120.0))
    told = refusal(wrong)
    assert told.startswith(
        f"scores of sources must lie between 0 and the full mark 100, got 120 (at {org} "
    )
    assert told.endswith(" self). Correct the score or the full mark.")


def test_the_numbers_of_the_page_on_three_parties():
    root = Path(__file__).parents[1]
    page = (root / "docs" / "three_parties.md").read_text(encoding="utf-8").replace("−", "-")
    data = sp.read(root / "data" / "sample")
    framework = load_framework("six_haves")
    # Names of the sample that are not on the roster are told; they are not what is tested here.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MethodWarning)
        values = sp.tally(data, framework)
        index = sp.build_index(values, framework, organisations=data.organisations)
        compared = sp.compare_sources(index)
    teams = sp.correct_severity(data, linked_by="rotation").teams
    pair = compared.agreement.set_index(["indicator", "sources"]).loc[("overall", "self;superior")]
    model, sure = compared.model, int((compared.inflation["probability"] > 0.9).sum())
    low, high = teams["leniency"].min(), teams["leniency"].max()
    for told in (
        f"Kendall W 为 {pair['w']:.2f}",
        f"组内相关为 {pair['icc_agreement']:.2f}",
        f"斜率是 {model.trap:.2f}，其中 {model.trap_by_noise:.2f} 只是误差",
        f"信度为 {model.reliability:.2f}）",
        f"大于 0.9 的有 {sure} 家",
        f"{low:.1f} 分到 {high:.1f} 分，标准误 {teams['standard_error'].mean():.1f} 分",
    ):
        assert told in page, told
