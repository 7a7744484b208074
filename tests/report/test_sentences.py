import re
from string import Formatter

import pytest

from servicepo.report.sentences import SENTENCES, say


def fields(text):
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("key", SENTENCES)
def test_both_languages_say_the_same_things(key):
    chinese, english = SENTENCES[key]
    assert fields(chinese) == fields(english)
    assert set(re.findall(r"\[\[\w+\]\]", chinese)) == set(re.findall(r"\[\[\w+\]\]", english))


def test_the_english_holds_no_chinese():
    for _, english in SENTENCES.values():
        assert not re.search(r"[\u4e00-\u9fff]", english)


def test_an_unknown_sentence_is_an_error():
    with pytest.raises(KeyError, match="weather"):
        say("weather", "zh")
