"""Words: both languages, the right fields, every code of every vocabulary."""

import string

import pytest

from servicepo.labels import WORDS, word
from servicepo.methods.aggregation import AGGREGATIONS
from servicepo.methods.normalisation import NORMALISATIONS
from servicepo.methods.objective_weights import OBJECTIVE_WEIGHTS


def test_every_word_stands_in_both_languages():
    assert [key for key, pair in WORDS.items() if not all(part.strip() for part in pair)] == []


def test_both_languages_of_a_sentence_take_the_same_fields():
    def fields(text):
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    different = {k: (fields(zh), fields(en)) for k, (zh, en) in WORDS.items()}
    assert {k: v for k, v in different.items() if v[0] != v[1]} == {}


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("normalise", NORMALISATIONS),
        ("weights", OBJECTIVE_WEIGHTS),
        ("aggregate", AGGREGATIONS),
    ],
)
def test_every_method_has_a_name(family, words):
    assert [w for w in words if f"{family}.{w}" not in WORDS] == []


def test_an_unknown_key_passes_through_and_an_unknown_language_is_refused():
    assert word("清溪镇") == "清溪镇"
    with pytest.raises(ValueError, match="language must be"):
        word("domain", "fr")
