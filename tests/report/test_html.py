import re
from html.parser import HTMLParser

from servicepo.report.figures import draw
from servicepo.report.html import compose_html


def page_of(content):
    return compose_html(content, {f.key: draw(f) for f in content.figures}).decode("utf-8")


def test_the_page_loads_nothing_from_outside(content):
    page = page_of(content)
    assert not re.findall(r"""(?:src|href)=["'](?!data:|#)""", page)
    assert "url(" not in page
    assert "<script" not in page


def test_titles_stand_above_tables_and_below_figures(content):
    page = page_of(content)
    assert "<caption>表1\u3000综合得分与名次</caption>" in page
    assert page.index("<caption>表1") < page.index("<td")
    assert page.index("<img") < page.index("<figcaption>图1\u3000一条线</figcaption>")


def test_names_cannot_become_markup(content):
    assert "东风村&lt;支部&gt;" in page_of(content)


def test_every_link_of_the_contents_leads_to_a_section(content):
    page = page_of(content)
    targets = set(re.findall(r'href="#(\w+)"', page))
    assert targets == {"ranks", "long"}
    assert targets <= set(re.findall(r'id="(\w+)"', page))


def test_tags_are_balanced_and_the_language_is_told(content):
    page = page_of(content)
    assert '<html lang="zh-CN">' in page
    unclosed = []

    class Balance(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag not in ("meta", "img"):
                unclosed.append(tag)

        def handle_endtag(self, tag):
            assert unclosed.pop() == tag

    Balance().feed(page)
    assert unclosed == []


def test_the_same_report_gives_the_same_bytes(content):
    assert page_of(content) == page_of(content)
