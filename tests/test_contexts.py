"""Keywords in context: as many places as are counted, with the text around them."""

import zipfile
from pathlib import Path

import pandas as pd
import pytest

from topics import tables
from topics.tables import UserError
from topics.trends.contexts import contexts, meant, mentions, spans_of, unheard
from topics.words.concepts import patterns
from topics.words.counts import prepare

NEWS = Path(__file__).parent.parent / "../shared/corpora/dated/NewsArticles.zip"
TEXTS = {
    "c": ("2020-02", "Smart cities and AI.\nA city needs AI; the AI must be told."),
    "a": ("2020-01-05", "The smart city of Hue. Artificial intelligence, a smart city."),
    "b": (None, "Cities grow: a city, smart farms, smart roads, smart city."),
}


@pytest.fixture(scope="module")
def articles():
    rows = [{"doc_id": doc, "date": date, "text": text, "source": None} for doc, (date, text) in TEXTS.items()]
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def words(articles):
    ways = patterns({"artificial intelligence": ["AI"], "smart city": ["smart cities"]}, "concept")
    return prepare(articles, concepts=ways)


def test_places_of_every_name_are_as_many_as_its_count(words, articles):
    for row in words["names"].itertuples():
        table = contexts(words, articles, row.name) if row.name else None
        assert len(table) == row.n
        assert table["doc_id"].nunique() == row.n_docs
    counts = words["counts"]
    for column, term in enumerate(counts.terms):
        assert mentions(words, term).tolist() == counts.matrix[:, column].toarray()[:, 0].tolist()


def test_a_context_is_the_text_by_date_article_and_place(words, articles):
    table = contexts(words, articles, "artificial intelligence", width=14)
    assert table.columns.tolist() == list(tables.CONTEXTS)
    assert table[["doc_id", "match", "left", "right"]].values.tolist() == [
        ["a", "Artificial intelligence", "city of Hue.", ", a smart"],
        ["c", "AI", "cities and", ". A city needs"],
        ["c", "AI", "A city needs", "; the AI must"],
        ["c", "AI", "needs AI; the", "must be told."],
    ]
    for row in table.itertuples():
        assert TEXTS[row.doc_id][1][row.start :].startswith(row.match)
    assert contexts(words, articles, "city")["doc_id"].tolist()[-1] == "b"  # without a date: last


def test_names_of_the_same_places_are_one_thing(words):
    names = ["smart city", "SMART CITY", "roads", "road", "nowhere", "no where"]
    assert list(meant(words, names).values()) == ["smart city", "smart city", "roads", "roads", "nowhere", "no where"]


def test_a_name_is_known_in_any_case_and_by_its_lemma(words):
    assert len(spans_of(words, "SMART CITY")) == len(spans_of(words, "smart city")) == 4
    assert mentions(words, "city").sum() == mentions(words, "Cities").sum() == 3


def test_what_is_no_name_is_looked_for_in_the_text(words, articles):
    assert contexts(words, articles, "smart c*")["match"].str.lower().tolist() == [
        "smart city",
        "smart city",
        "smart cities",
        "smart city",
    ]
    assert contexts(words, articles, "must be told")["doc_id"].tolist() == ["c"]
    assert contexts(words, articles, "quantum").empty
    assert mentions(words, "quantum").tolist() == [0, 0, 0]


def test_a_keyword_without_letters_is_an_error(words):
    with pytest.raises(UserError, match="no letter or digit"):
        spans_of(words, "!!")


@pytest.mark.skipif(not NEWS.exists(), reason="the news corpus is not here")
def test_contexts_of_any_name_are_as_many_as_are_counted():
    with zipfile.ZipFile(NEWS) as archive, archive.open("NewsArticles.csv") as file:
        texts = pd.read_csv(file, encoding_errors="replace")["text"].fillna("").head(1000)
    rows = {
        "doc_id": [f"{i:04d}" for i in range(len(texts))],
        "text": texts.tolist(),
        "date": "2017-02-01",
        "source": None,
    }
    articles = pd.DataFrame(rows)
    words = prepare(articles)
    for name in ("Trump", "climate change", "people", "US", "econom*", "white house staff"):
        assert len(contexts(words, articles, name)) == mentions(words, name).sum()


def test_a_keyword_in_longer_words_alone_is_told_and_one_counted_in_full_is_not():
    texts = ["Tax is due.", "Tax-free sale.", "Tax-free again, tax.", "Nothing.", "Robots came."]
    rows = [{"doc_id": str(i), "date": None, "text": text, "source": None} for i, text in enumerate(texts)]
    words = prepare(pd.DataFrame(rows))
    assert "stands in 2 articles as a word of its own; 1 more has it" in unheard(words, "tax")
    assert "“Tax-free”" in unheard(words, "tax")
    assert unheard(words, "tax*") == unheard(words, "nothing") == ""
    assert unheard(words, "zebra") == "The keyword “zebra” stands in no article as a word of its own."
    assert "1 more has it in longer words alone, most often “Robots”" in unheard(words, "robo")
    assert unheard(words, "obots").endswith("most often “Robots”. The keyword “*obots” counts them too.")
