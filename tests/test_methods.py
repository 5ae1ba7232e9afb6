"""The methods paragraph says of a run what was so in that run."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from topics.report import methods

RECORD = {"topics": "0.1.0", "python": "3.12.1", "libraries": dict.fromkeys(methods.CITED, "1.0")}


def made(**settings):
    """A run of three articles in one file each, of which one was left out, as `pipeline.everything` gives it."""
    given = {"near_repeats": 0.7, "lemmas": True, "phrases": True, "engine": "gibbs", "public": False}
    given |= {name: [] for name in ("stop_words", "keep_words", "leave_out", "hide_words")} | settings
    articles = pd.DataFrame({"doc_id": ["a", "b"], "file": ["a.txt", "b.txt"], "date": ["2020-01-02", ""], "date_source": ["header", "none"], "source": ["One", "One"], "n_words": [400, 601]})  # fmt: skip
    counts = SimpleNamespace(matrix=sparse.csr_matrix(np.full((2, 3), 2)), unit="article")
    trends = pd.DataFrame({"n_family": [7]})
    return {
        "settings": given, "few": False, "collection": {"query": "rice"}, "grid": (5, 10), "seeds": (4, 9), "topic_counts": (5,),
        "inputs": [{"file": "a.txt"}, {"file": "b.txt"}],
        "corpus": {"articles": articles, "dropped": pd.DataFrame([("read", "article", "c", "no text", 1)], columns=["stage", "what", "id", "reason", "n"]),
                   "removals": pd.DataFrame({"step": ["repeated_head", "captions"]}), "language": "en"},
        "words": {"terms": pd.DataFrame({"kind": ["word", "word", "concept"]}), "counts": counts, "notes": []},
        "comparison": {"choice": {"n_topics": 5, "why": "5 is enough."}},
        "topics": {5: {"seed": 9, "labels": pd.DataFrame({"topic": [2, 0]})}},
        "keywords": {"why": "Periods are months.", "trends": trends}, "topics_over_time": {5: {"trends": trends.assign(n_family=3)}},
        "keyness": {"groups": [{"group": "One", "against": "the other outlets", "blocks": "day", "tested": 12}]},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "said", "unsaid"),
    [
        ({}, ["Of 3 articles found, 2 were analysed, of 1,001 words in all (left out: 1 ", "published 2020-01-02 to 2020-01-02 (1 without a date), from 1 outlet, found by searching for “rice”.",
              "Where dates were found: header 1.", "found by MinHash (Broder 1997) whose shingles of five words have an exact Jaccard similarity of 0.7 or more", "2 passages (captions, repeated head)", "lemmatised with simplemma, not stemmed", "2 words, 0 phrases, 1 concept; 12 tokens in 2 articles",
              "collapsed Gibbs sampling", "1,000 sweeps", "for 5, 10 topics, with 2 seeds each (4, 9)", "5 topics, seed 9", "Suggested: 5 is enough.", "joint posterior draws",
              "tested together were 7 names and, apart from them, 3 topics of the 5; a thing is said to have risen or fallen where its q is at most 0.025", "One against the other outlets", "blocks of time (day)", "By hand, 1 topic named", "Python 3.12.1"],
         ["estimated", "gensim 1.0", "trafilatura", "publication"]),
        ({"engine": "gensim", "lemmas": False, "phrases": False, "public": True},
         ["gensim's online variational Bayes", "neither lemmatised nor stemmed", "Shares have no intervals", "gensim 1.0", "quotes 25 words in a row at most"],
         ["Gibbs", "sweeps", "simplemma", "Bouma", "posterior draws: these"]),
        ({"engine": "parallel"}, ["partially collapsed Gibbs sampling"], ["gensim"]),
    ],
    ids=["as usual", "gensim, public", "parallel"],
)  # fmt: skip
def test_every_statement_is_of_this_run(settings, said, unsaid):
    text = methods.paragraph(made(**settings), RECORD)
    assert [part for part in said if part not in text] == []
    assert [part for part in unsaid if part in text] == []
    assert "  " not in text


WORKS = (Path(methods.__file__).parent / "template" / "references.txt").read_text(encoding="utf-8").splitlines()
LISTED = {methods.CITATION.findall(line.split(" | ")[0])[0][::2] for line in WORKS}  # first author and year


@pytest.mark.parametrize("settings", [{}, {"engine": "gensim"}, {"engine": "parallel"}])
def test_what_the_paragraph_cites_stands_in_its_references(settings):
    pages = made(**settings) | {"inputs": [{"file": "a.html"}]}
    text = methods.paragraph(pages, RECORD)
    cited = set(methods.CITATION.findall(text))
    firsts = {(name, year) for name, _, year in cited}
    assert {("Blei", "2003"), ("Wilson", "1927"), ("Barbaresi", "2020")} <= firsts <= LISTED
    assert len(methods.references(text)) == len(cited)


def test_the_works_cited_in_methods_md_are_listed_there():
    said, listed = (Path(__file__).parents[1] / "METHODS.md").read_text(encoding="utf-8").split("\n## References\n\n")
    assert listed.splitlines() == [f"- {line.split(' | ', 1)[1]}" for line in WORKS]
    cited = {(name, year) for name, _, year in methods.CITATION.findall(said) if name != "February"}
    assert cited <= LISTED


def test_files_that_were_not_read_are_said():
    run = made()
    lost = pd.DataFrame([("read", "file", "a.pdf", "format .pdf is not read", 1)], columns=["stage", "what", "id", "reason", "n"])  # fmt: skip
    run["corpus"]["dropped"] = lost
    assert " 1 file was not read (format .pdf is not read: 1). " in methods.paragraph(run, RECORD)


def test_few_articles_and_nothing_to_test_are_said_so():
    nothing = pd.DataFrame({"n_family": []})
    few = made() | {"few": True, "inputs": [{"file": "corrections.csv"}, {"file": "a.html"}]}
    text = methods.paragraph(few, RECORD)
    assert "No share, score or trend is reported." in text
    assert "By hand, articles were corrected (corrections.csv)" in text
    elsewhere = methods.paragraph(few | {"inputs": [{"file": "x/corrections.csv"}]}, RECORD)
    assert "corrected" not in elsewhere
    assert "trafilatura 1.0" in text
    assert "Intervals" not in text
    untested = made() | {"keywords": {"why": "No dates.", "trends": nothing}, "topics_over_time": {}, "keyness": {"groups": []}}  # fmt: skip
    assert "No dates. No trend was tested. By hand" in methods.paragraph(untested, RECORD)


def test_words_of_a_language_without_lemmas_were_not_lemmatised():
    vietnamese = made()
    vietnamese["corpus"]["language"] = "vi"
    text = methods.paragraph(vietnamese, RECORD)
    assert "Words were neither lemmatised nor stemmed." in text
    assert "simplemma" not in text


def test_topics_are_matched_over_what_was_modelled():
    paragraphs = made()
    paragraphs["words"]["counts"].unit = "paragraph"
    assert "matched one to one by their terms and their shares over articles." in methods.paragraph(made(), RECORD)
    assert "matched one to one by their terms and their shares over paragraphs." in methods.paragraph(
        paragraphs, RECORD
    )


def test_only_groups_that_were_tested_are_said_to_be_compared():
    groups = made()["keyness"]["groups"]
    small = {"group": "Two", "against": "the other outlets", "blocks": "week", "tested": 0}
    text = methods.paragraph(made() | {"keyness": {"groups": [*groups, small]}}, RECORD)
    assert "Groups of articles (One against the other outlets) were compared" in text
    assert "blocks of time (day)" in text
    assert "permuting" not in methods.paragraph(made() | {"keyness": {"groups": [small]}}, RECORD)


@pytest.mark.parametrize(
    "name", ["pages.zip/a.html", "pages.tar.gz/b/C.HTM", "a.xhtml", "a.mhtml", "a.mht", "a.html.gz"]
)
def test_what_read_a_web_page_is_cited_wherever_the_page_lay(name):
    packed = made() | {"inputs": [{"file": "pages.zip"}]}
    packed["corpus"]["articles"]["file"] = [name, "b.txt"]
    text = methods.paragraph(packed, RECORD)
    assert "trafilatura 1.0 (Barbaresi 2021b), htmldate 1.0 (Barbaresi 2020)" in text
