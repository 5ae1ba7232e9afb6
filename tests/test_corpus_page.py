"""The page of the corpus: its counts add up, removals are struck through, and the lines to paste are those that corrections read."""

from __future__ import annotations

import html as escaped
import re
from pathlib import Path

import pandas as pd
import pytest

from topics import pipeline
from topics.corpus import corrections, dates
from topics.report import corpus_page as page
from topics.words import concepts, counts

TEXT = "The bridge over the river was opened on Monday, and the market beside it was moved to the old school. " * 4
FILES = {
    "a.txt": f"{TEXT}\n\nThe end of the first story came late. Share this article on Facebook\n",
    "b.txt": f"{TEXT.replace('bridge', 'tower')}\n\nRead more: https://example.org/story\n",
    "c.txt": f"{TEXT}\n\nThe end of the first story came late. Share this article on Facebook\n",
    "d.txt": "",
}
METADATA = "file,title,date,source\na.txt,<i>Bridge</i>,2020-03-01,North\nb.txt,Tower,2020-04-02,North\nc.txt,Bridge,2020-03-05,South\n"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder: Path = tmp_path_factory.mktemp("corpus")
    (folder / "in").mkdir()
    for name, text in FILES.items():
        (folder / "in" / name).write_text(text, encoding="utf-8")
    (folder / "in" / "metadata.csv").write_text(METADATA, encoding="utf-8")
    (folder / "config.yml").write_text("articles: in\ncache: cache\nworkers: 1\n", encoding="utf-8")
    settings = pipeline.settings(folder / "config.yml")
    return pipeline.corpus(settings), pipeline.volume(settings)


def test_the_funnel_begins_with_all_that_was_found_and_ends_with_the_corpus(made):
    shown = str(page.funnel(made[0]))
    numbers = [int(n) for n in re.findall(r'<td class="n"[^>]*>(\d+)</td>', shown)]
    assert numbers[0] == len(FILES)
    assert f">{len(made[0]['articles'])}</td>" in shown
    assert "Everything that was left out" in shown


def test_what_no_model_counts_is_shown_by_reason_with_the_setting_that_undoes_it(made):
    text = "Monday came. AI and data, the big data of smart cities, are told. Reporting by A. B."
    ways = concepts.patterns({"data": [], "big data": []}, "concept")
    articles = pd.DataFrame({"doc_id": ["a", "b"], "text": [text, text], "source": None})
    shown = str(page.words_left_out(counts.prepare(articles, concepts=ways)))
    assert "179 words" in shown
    for told in ("stop word", "keep_words", "Monday", "leave_out", "reporting by", "overlaps with", "overlap: 2"):
        assert told in shown


def test_one_passage_and_one_concept_are_told_as_one(made):
    rows = made[0]["removals"].head(1)
    assert "1 of 1 different passage</summary>" in str(page._examples("credits", rows))
    ways = concepts.patterns({"data": []}, "concept")
    articles = pd.DataFrame({"doc_id": ["a", "b"], "text": "Robots need data.", "source": None})
    assert "1 concept." in str(page.words_left_out(counts.prepare(articles, concepts=ways)))


def test_repeats_are_named_with_what_they_repeat(made):
    shown = str(page.repeats(made[0]))
    assert "1 article repeats another" in shown
    assert "Bridge" in shown


def test_what_cleaning_took_out_stands_struck_through_in_the_article(made):
    corpus = made[0]
    shown = str(page.before_and_after(corpus))
    for row in corpus["removals"].itertuples(index=False):
        assert escaped.escape(row.passage.strip()) in escaped.escape(escaped.unescape(re.sub(r"<[^>]*>", "", shown)))
    assert shown.count("<details") == len(corpus["articles"])


def test_the_lines_to_paste_are_read_as_corrections(made, tmp_path):
    corpus = made[0]
    shown = str(page.before_and_after(corpus))
    lines = [
        escaped.unescape(line)
        for block in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", shown, re.S)
        for line in block.splitlines()
    ]
    assert lines
    file = tmp_path / "corrections.csv"
    file.write_text("\n".join(["doc_id,field,value,reason", *lines]) + "\n", encoding="utf-8")
    read = corrections.read_corrections(file)
    assert len(read) == len(lines)


def test_an_article_without_a_title_is_called_by_how_it_begins():
    article = pd.DataFrame([{"title": "", "text": "The bridge was opened. " * 9}]).iloc[0]
    assert page.title_of(article, 30) == "The bridge was opened. The …"


def test_when_from_where_and_how_long_are_shown(made):
    corpus, volume = made
    shown = str(page.coverage(corpus["articles"], volume))
    assert shown.count("<figure") == 2
    assert "North" in shown


def test_markup_in_titles_stays_text(made):
    corpus, volume = made
    shown = "".join(
        [
            page.before_and_after(corpus),
            page.repeats(corpus),
            page.coverage(corpus["articles"], volume),
            page.dates(corpus),
        ]
    )
    assert "<i>Bridge" not in shown


def test_where_a_date_is_known_from_is_said_in_plain_words(made):
    assert set(page.DATE_SOURCES) == {*dates.DATE_SOURCES, "none"}
    corpus, _ = made
    assert all(page.DATE_SOURCES[source] in page.dates(corpus) for source in corpus["articles"]["date_source"])
