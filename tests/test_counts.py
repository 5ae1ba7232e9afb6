"""From texts to counts: laws that every number after it rests on."""

import json
import os
import subprocess
import sys
import zipfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from topics import tables
from topics.tables import UserError
from topics.words.concepts import patterns, read_concepts
from topics.words.counts import (
    by_article,
    count,
    hidden_terms,
    in_order,
    learn_vocabulary,
    place,
    placed_terms,
    prepare,
    read_words,
)

ROOT = Path(__file__).parent.parent
FIVE = ROOT / "../shared/articles"
NEWS = ROOT / "../shared/corpora/dated/NewsArticles.zip"
WAYS = patterns({"artificial intelligence": ["AI"], "smart city": ["smart cities"], "city": ["cities"]}, "concept")


def articles_of(*texts):
    return pd.DataFrame({"doc_id": [f"d{i:03d}" for i in range(len(texts))], "text": texts, "source": None})


@pytest.fixture(scope="module")
def planted():
    """60 articles by rule: what stands where is known."""
    texts = []
    for i in range(60):
        text = "The Prime Minister was at solar farms. " * (1 + i % 3) + "Smart cities use AI, and a city grows.\n"
        text += (
            "The Engineers were with the engines." if i % 2 else "The farmers were with the rice of the United States."
        )
        texts.append(text + (" A zebra." if i == 7 else ""))
    return articles_of(*texts)


@pytest.fixture(scope="module")
def made(planted):
    return prepare(planted, concepts=WAYS, max_share=1.0)


def test_counts_spans_terms_and_dropped_tell_the_same(made):
    counts, spans, names = made["counts"], made["spans"], made["names"]
    terms = made["terms"].set_index("term")
    assert counts.terms.tolist() == sorted(terms.index)
    assert (np.asarray(counts.matrix.sum(axis=0))[0] == terms.loc[counts.terms, "n"]).all()
    assert ((counts.matrix > 0).sum(axis=0) == terms.loc[counts.terms, "n_docs"].to_numpy()).all()
    assert (np.bincount(spans["name"], minlength=len(names)) == names["n"]).all()
    left = made["dropped"][made["dropped"]["what"] != "place of a concept"]
    assert terms["n"].sum() + left["n"].sum() == len(spans)
    assert set(left["id"]).isdisjoint(terms.index)
    assert made["terms"].columns.tolist() == list(tables.TERMS)
    assert made["dropped"].columns.tolist() == list(tables.DROPPED)


def test_every_token_stands_in_one_span(made):
    tokens, spans = made["tokens"], made["spans"]
    inside = spans.merge(tokens[["doc", "start", "end"]], on="doc", suffixes=("", "_token"))
    inside = inside[(inside["start_token"] >= inside["start"]) & (inside["end_token"] <= inside["end"])]
    assert len(inside) == len(tokens)


def test_planted_counts(made):
    terms = made["terms"].set_index("term")
    assert terms.loc["solar farms", ["n", "n_docs", "kind"]].tolist() == [120, 60, "phrase"]
    assert terms.loc["Prime Minister", "kind"] == "phrase"
    assert terms.loc["artificial intelligence", ["n", "n_docs", "kind"]].tolist() == [60, 60, "concept"]
    assert terms.loc["smart city", "n"] == 60
    assert terms.loc["city", ["n", "kind"]].tolist() == [60, "concept"]
    assert terms.loc["Engineers", ["n", "n_docs"]].tolist() == [30, 30]
    dropped = made["dropped"].set_index("id")
    assert dropped.loc["zebra", ["what", "reason", "n"]].tolist() == ["word", "in fewer than 2 articles", 1]
    assert dropped.loc["the", "reason"] == "stop word"
    lost = made["dropped"][made["dropped"]["what"] == "place of a concept"]
    assert lost[["id", "n"]].values.tolist() == [["city", 60]]


def test_a_name_is_shown_as_most_often_written():
    texts = ["Hanoi! The People’s Committee is here. Cities, cities!"] * 3 + ["HANOI", "City. People committee"]
    names = prepare(articles_of(*texts), phrase_min_count=2)["names"].set_index("key")["name"]
    assert names["hanoi"] == "Hanoi"
    assert names["city"] == "cities"
    assert names["people committee"] == "People's Committee"


def test_matrix_is_canonical(made):
    counts = made["counts"]
    assert counts.matrix.dtype == np.int32
    assert counts.matrix.has_sorted_indices
    assert (counts.matrix.data > 0).all()
    assert counts.doc_ids.tolist() == sorted(counts.doc_ids)
    assert counts.unit_doc.tolist() == list(range(60))


def test_order_of_articles_and_number_of_workers_change_no_byte(planted, made):
    shuffled = planted.sample(frac=1, random_state=3)
    with ThreadPoolExecutor(2) as threads, ProcessPoolExecutor(2) as processes:
        others = [prepare(shuffled, concepts=WAYS, max_share=1.0, map=pool.map) for pool in (threads, processes)]
    for other in others:
        for name in ("tokens", "spans", "names", "terms", "dropped", "phrases", "forms"):
            pd.testing.assert_frame_equal(made[name], other[name])
        for field in ("data", "indices", "indptr"):
            a, b = getattr(made["counts"].matrix, field), getattr(other["counts"].matrix, field)
            assert a.tobytes() == b.tobytes()
        assert made["counts"].terms.tobytes() == other["counts"].terms.tobytes()


def test_the_hash_seed_changes_nothing(planted, tmp_path):
    planted.to_parquet(tmp_path / "a.parquet")
    script = (
        "import sys, json, pandas as pd; from topics.words.counts import prepare\n"
        f"made = prepare(pd.read_parquet({str(tmp_path / 'a.parquet')!r}))\n"
        "print(json.dumps([made['counts'].terms.tolist(), made['counts'].matrix.indices.tolist(), made['spans'].values.tolist()]))"
    )
    environment = os.environ | {"PYTHONHASHSEED": "1"}
    run = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    made = prepare(planted)
    counts = made["counts"]
    assert json.loads(run.stdout) == [
        counts.terms.tolist(),
        counts.matrix.indices.tolist(),
        made["spans"].values.tolist(),
    ]


def test_paragraphs_add_up_to_their_articles(planted, made):
    parts = count(made["spans"], made["names"], made["doc_ids"], "paragraph")
    assert parts.unit == "paragraph"
    assert parts.matrix.shape[0] == 120
    assert (np.diff(parts.unit_doc) >= 0).all()
    summed = np.zeros(made["counts"].matrix.shape, int)
    np.add.at(summed, parts.unit_doc, parts.matrix.toarray())
    assert (summed == made["counts"].matrix.toarray()).all()


def test_paragraphs_give_the_counts_of_articles_back(made):
    parts = count(made["spans"], made["names"], made["doc_ids"], "paragraph")
    assert (by_article(parts) != made["counts"].matrix).nnz == 0
    assert by_article(made["counts"]).shape == (60, len(made["counts"].terms))


def test_terms_in_the_order_of_the_text_are_those_that_were_counted():
    made = prepare(articles_of("Rice, bus and rice.", "", "The bus. Of it a tram."), phrases="none")
    term, start = in_order(made)
    assert start.tolist() == [0, 3, 3, 5]
    assert made["counts"].terms[term].tolist() == ["rice", "bus", "rice", "bus", "tram"]


def test_places_have_their_sentence_and_the_concepts_that_are_too_common_to_count():
    made = prepare(articles_of(*["A smart city. Rice is here. The city of rice."] * 20), concepts=WAYS, phrases="none")
    spans, terms = placed_terms(made)
    assert "rice" not in terms  # in more than half of the articles, as the concepts are
    assert terms.tolist() == ["city", "smart city"]
    first = spans[(spans["doc"] == 0) & (spans["name"] >= 0)]
    assert terms[first["name"]].tolist() == ["smart city", "city"]
    assert (first["sentence"] - first["sentence"].iloc[0]).tolist() == [0, 2]
    second = spans[(spans["doc"] == 1) & (spans["name"] >= 0)]
    assert second["start"].tolist() == first["start"].tolist()


@pytest.mark.parametrize(
    ("n", "said"),
    [
        (9, "at least 1 and at most 100 % of 9"),
        (10, "at least 2 and at most 100 % of 10"),
        (19, "at least 2 and at most 100 % of 19"),
        (20, "at least 2 and at most 50 % of 20"),
        (99, "at least 2 and at most 50 % of 99"),
        (100, "at least 3 and at most 50 % of 100"),
        (999, "at least 3 and at most 50 % of 999"),
        (1000, "at least 5 and at most 50 % of 1,000"),
    ],
)
def test_how_often_a_term_must_stand_goes_by_the_number_of_articles(n, said):
    made = prepare(articles_of(*["rice"] * n), phrases="none")
    assert any(said in note for note in made["notes"])


def test_a_term_stands_in_as_many_articles_as_are_asked_for_and_no_more_than_the_share():
    texts = ["rice bus", "rice bus", "rice tram", "fare"]
    made = prepare(articles_of(*texts), phrases="none", min_docs=2, max_share=0.5)
    assert made["terms"]["term"].tolist() == ["bus"]
    dropped = made["dropped"].set_index("id")["reason"].to_dict()
    assert dropped == {
        "rice": "in more than 50 % of the articles",
        **dict.fromkeys(["fare", "tram"], "in fewer than 2 articles"),
    }


def test_articles_without_words_stay_as_rows_without_entries():
    made = prepare(articles_of("", "rice rice", "… !"))
    assert made["counts"].matrix.toarray().tolist() == [[0], [2], [0]]
    nothing = prepare(articles_of())
    assert nothing["counts"].matrix.shape == (0, 0)
    assert prepare(articles_of("", ""), unit="paragraph")["counts"].matrix.shape == (0, 0)


def test_a_vocabulary_learned_on_some_articles_knows_nothing_of_the_others(planted):
    words = read_words(planted, concepts=WAYS)
    train = np.flatnonzero(np.arange(60) % 2 == 0)
    learned = learn_vocabulary(words, docs=train, max_share=1.0)
    alone = prepare(planted.iloc[train], concepts=WAYS, max_share=1.0)
    pd.testing.assert_frame_equal(learned["names"], alone["names"])
    pd.testing.assert_frame_equal(learned["phrases"], alone["phrases"])
    spans = place(words, learned)
    counts = count(spans, learned["names"], words["doc_ids"])
    unknown = spans[(spans["doc"] == 1) & (spans["name"] == -1)]
    assert [planted["text"][1][row.start : row.end] for row in unknown.itertuples()] == ["Engineers", "engines"]
    assert set(spans["name"]) <= {-1, *range(len(learned["names"]))}
    assert (counts.matrix[train] != alone["counts"].matrix).nnz == 0
    assert "Engineers" not in counts.terms
    assert counts.matrix[1].sum() > 0


def test_pruning_is_asked_for_and_told(planted):
    names = prepare(planted, min_docs=31, max_share=0.9, phrases="none")["names"].set_index("name")
    assert names.loc["rice", "reason"] == "in fewer than 31 articles"
    assert names.loc["farms", "reason"] == "in more than 90 % of the articles"


def test_lemmas_phrases_and_removal_can_be_turned_off(planted):
    plain = prepare(planted, lemmas=False, phrases="none", remove=(), max_share=1.0)
    assert {"farms", "cities", "engineers"} <= set(plain["names"]["key"])
    assert plain["phrases"].empty
    with pytest.raises(UserError, match="phrases must be"):
        prepare(planted, phrases="often")


@pytest.mark.parametrize(
    "given",
    [{"max_share": 7}, {"max_share": float("nan")}, {"max_share": 0}, {"min_docs": -1}, {"min_docs": float("inf")}],
)
def test_what_is_no_share_or_count_is_refused_with_what_is_allowed(planted, given):
    with pytest.raises(UserError, match=rf"{next(iter(given))} must be .*Got"):
        prepare(planted, phrases="none", **given)


def test_the_outlets_of_the_articles_are_left_out_by_name_and_articles_without_a_source_have_none():
    articles = articles_of(*["The Harbour Gazette writes of rice. A gazette is read."] * 3)
    for table, found in ((articles.assign(source="Harbour Gazette"), [3]), (articles.drop(columns="source"), [])):
        names = prepare(table, phrases="none", max_share=1.0)["names"]
        outlets = names[names["kind"] == "outlet"]
        assert outlets["n"].tolist() == found
        assert names.loc[names["name"].str.lower() == "gazette", "n"].sum() == 6 - sum(found)


def test_an_exception_of_several_words_is_one_term(planted):
    names = prepare(planted, exceptions=["United States"], phrases="none", max_share=1.0)["names"].set_index("name")
    assert names.loc["United States", ["kind", "n"]].tolist() == ["phrase", 30]


def test_words_to_hide_are_hidden_in_all_their_forms_and_stay_counted(made):
    assert hidden_terms(made, ["FARMER", "Solar farms", "AI"]) == {"farmers", "solar farms"}
    assert "farmers" in made["counts"].terms
    assert hidden_terms(made, []) == set()


def test_a_language_is_taken_as_told():
    texts = ["Les usines de l’industrie recrutent. Une usine ouvre à Lyon en mars."] * 3
    made = prepare(articles_of(*texts), language="fr")
    assert made["names"].set_index("key").loc["usine", "n"] == 6
    assert made["names"].set_index("key").loc["mars", "reason"] == "name of a month or day"


@pytest.mark.skipif(not FIVE.exists(), reason="the five articles are not here")
def test_the_five_articles():
    texts = {path.name: path.read_text("utf-8") for path in sorted(FIVE.glob("*.txt"))}
    articles = pd.DataFrame({"doc_id": list(texts), "text": list(texts.values()), "source": None})
    made = prepare(articles, concepts=read_concepts(ROOT / "data/concepts.yml"))
    terms = made["terms"].set_index("term")
    assert terms.loc["Industry 4.0", "n_docs"] == 5
    assert terms.loc["Vietnam", "n_docs"] == 5
    assert terms.index[0] == "digital transformation"


@pytest.mark.skipif(not NEWS.exists(), reason="the news corpus is not here")
def test_the_news_corpus_has_its_phrases_and_no_time_or_outlet():
    with zipfile.ZipFile(NEWS) as archive, archive.open("NewsArticles.csv") as file:
        texts = pd.read_csv(file, encoding_errors="replace")["text"].fillna("").head(600)
    made = prepare(articles_of(*texts))
    terms = set(made["terms"]["term"])
    assert {"White House", "climate change", "human rights", "US"} <= terms
    assert not terms & {"Monday", "January", "Reuters", "the", "2017"}


def test_an_article_without_a_term_is_a_row_of_dropped(planted):
    articles = pd.concat([planted, articles_of("It was and is what it was.").assign(doc_id="wordless")])
    for unit in ("article", "paragraph"):
        dropped = prepare(articles, max_share=1.0, unit=unit)["wordless"]
        assert dropped[["stage", "what", "id"]].to_numpy().tolist() == [["models", "article", "wordless"]]
