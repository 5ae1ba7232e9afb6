"""The page of keywords: what is planted is found, every number opens its sentences, and few articles get a grid, no line."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from topics import pipeline
from topics.report import html
from topics.report import keywords_page as page
from topics.settings import project_folder

WORDS = (
    "river bridge market school harbour road farm hotel garden museum station library village coast valley park kitchen window "
    "teacher doctor farmer engineer painter driver baker lawyer singer writer winter summer morning evening letter story picture "
    "music paper table chair horse cattle forest mountain island desert tower castle church theatre stadium airport railway tunnel "
    "factory office bakery cinema hospital prison palace cottage ladder hammer basket blanket bottle candle mirror carpet pillow "
    "saddle anchor barrel compass lantern"
).split()
CONCEPTS = "drones:\n  - drone\nflood:\n  - flooding\ntaxes:\n  - tax\n"


def world(folder: Path, n: int, months: int = 24) -> pipeline.Settings:
    """Articles of two outlets: drones come into more and more of them, floods into three months, taxes into a fifth throughout."""
    rng = np.random.default_rng(7)
    lines = []
    for i in range(n):
        day = date(2019, 1, 1) + timedelta(days=int(i * months * 30.4 / n))
        when = i / n
        sentences = ["The {} and the {} are near the {} with a {}.".format(*rng.choice(WORDS, 4)) for _ in range(6)]
        for name, chance in (
            ("a drone", 0.05 + 0.75 * when),
            ("the flooding", 0.7 if 0.5 < when < 0.62 else 0.05),
            ("a tax", 0.2),
        ):
            if rng.random() < chance:
                sentences.insert(int(rng.integers(6)), f"They saw {name} near the {rng.choice(WORDS)} <b>today</b>.")
        outlet = ("North Post", "South Post")[int(rng.integers(2))]
        lines.append(
            {
                "id": f"a{i:04d}", "title": f"Story {i}", "date": day.isoformat(), "source": outlet,
                "text": " ".join(sentences) + f" Number {i}.",
            }
        )  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "articles.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    (folder / "concepts.yml").write_text(CONCEPTS, encoding="utf-8")
    (folder / "config.yml").write_text(
        "articles: articles.jsonl\nconcepts: concepts.yml\nkeywords: [museum]\ncache: cache\nlanguage: en\nnear_repeats: 1.0\nworkers: 1\n",
        encoding="utf-8",
    )
    return pipeline.settings(folder / "config.yml")


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    settings = world(tmp_path_factory.mktemp("many"), 600)
    return {
        "kept": pipeline.keywords(settings),
        "beside": pipeline.companions(settings),
        "marked": pipeline.keyness(settings),
        "articles": pipeline.corpus(settings)["articles"],
        "volume": pipeline.volume(settings),
    }


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    settings = world(tmp_path_factory.mktemp("few"), 6)
    return {
        "kept": pipeline.keywords(settings),
        "articles": pipeline.corpus(settings)["articles"],
        "settings": settings,
    }


@pytest.fixture(scope="module")
def parts(many):
    return str(page.each(many["kept"], many["beside"], many["articles"]))


def test_what_was_planted_to_rise_is_said_to_rise_and_nothing_else(many):
    verdict = many["kept"]["findings"].set_index("name")["verdict"]
    assert verdict["drones"] == "rose"
    assert verdict["taxes"] == "cannot say"
    said = html.say(page.answer(many["kept"])).unescape()
    assert 'href="#concept-drones"' in said
    assert "taxes" not in said


def test_the_files_in_use_are_named(tmp_path):
    said = page.things(tmp_path / "my.yml", ["drone", "tax"])
    assert said == "<p>The things are the concepts of my.yml and the keywords of the settings (drone, tax).</p>"
    usual = page.things(project_folder() / "data" / "concepts.yml", [])
    assert "the concepts of data/concepts.yml and no keywords" in usual


def test_a_burst_that_stands_its_test_is_told_and_opens_its_articles(many, parts):
    bursts = many["kept"]["bursts"]
    flood = bursts[(bursts["name"] == "flood") & (bursts["what"] == "burst")].iloc[0]
    assert (flood["start"], flood["end"]) == ("2020-01", "2020-03")
    sure = page._bursts(many["kept"], "burst")
    assert len(sure)
    assert parts.count("The articles of the burst") == len(sure)
    assert parts.count("Burst: in ") == len(sure)


def test_counting_the_sentences_again_gives_every_number(many):
    kept = many["kept"]
    places = page._with_periods(kept)
    series = kept["series"]
    series = series[(series["source"] == "") & series["unit"].str.startswith("share")]
    for row in series.itertuples(index=False):
        rows = places[(places["name"] == row.name) & (places["period"] == row.period)]
        assert len(rows) == row.n_mentions
        assert rows["doc_id"].nunique() == row.n_mentioning


def test_every_period_that_mentions_a_name_opens_its_sentences(parts):
    ids = re.findall(r' id="([^"]*)"', parts)
    assert len(ids) == len(set(ids))
    wanted = set(re.findall(r'href="#([^"]*)"', parts))
    assert wanted
    assert wanted <= set(ids)


def test_all_places_of_a_period_are_marked_or_a_sample_says_so(parts):
    folded = re.findall(r"<details id=\"concept-\w+-[\d\w-]+\"><summary>([^<]*)</summary>(.*?)</details>", parts, re.S)
    assert folded
    for summary, body in folded:
        said = int(re.search(r"([\d,]+) places?", summary)[1].replace(",", ""))
        shown = re.search(r"; (\d+) of them, drawn at random", summary)
        assert body.count("<mark>") >= (int(shown[1]) if shown else said)


def test_scraped_markup_stays_text():
    text = "They saw a drone <img src=x onerror=alert(1)> here."
    article = pd.DataFrame(
        [{"doc_id": "a", "text": text, "title": "<script>", "date": "", "source": "<b>", "url": "javascript:alert(1)"}]
    )
    places = pd.DataFrame({"doc_id": ["a"], "start": [text.index("drone")], "match": ["drone"]})
    shown = "".join(page._quotes(places, page._known(article)))
    assert "<mark>drone</mark> &lt;img" in shown
    assert not re.search("<script|<img|<b>|href", shown)


def test_every_test_has_its_q_and_what_is_not_tested_its_reason(many):
    shown = str(page.moves(many["kept"]))
    for name in many["kept"]["names"]["name"]:
        assert f">{name}</a>" in shown
    assert "Benjamini" in shown


def test_groups_are_compared_and_their_terms_open_sentences(many):
    shown = str(page.unasked(many["marked"], many["articles"]))
    assert "drones" in shown
    assert "The sentences" in shown
    assert "with the outlets held constant" in shown
    marked = many["marked"]
    row = marked["keyness"].query("term == 'drones' and q < 0.05").iloc[0]
    sides = marked["sides"]
    members = sides.loc[(sides["pair"] == 0) & (sides["side"] == row["group"]), "doc_id"]
    places = marked["contexts"][(marked["contexts"]["name"] == "drones") & marked["contexts"]["doc_id"].isin(members)]
    assert len(places) == row["n"]
    assert places["doc_id"].nunique() == row["n_docs"]


@pytest.mark.parametrize("outlets", [("A", "B"), ("The Post", "THE POST")], ids=["others", "capitals alone"])
def test_a_group_that_stands_against_two_has_two_figures_and_its_terms_two_places(tmp_path, outlets):
    pairs = [(outlet, "the others") for outlet in outlets]
    numbers = {
        "log_odds": 1.0, "low": 0.5, "high": 1.5, "q": 0.01, "share": 0.5, "share_against": 0.1, "n": 1, "n_docs": 1, "dispersion": 0.1,
    }  # fmt: skip
    rows = [
        {"group": side, "against": other, "term": "ship"} | numbers
        for pair in pairs
        for side, other in (pair, pair[::-1])
    ]
    group = {"tested": 9, "held": False, "n": 9, "n_against": 9, "blocks": "day"}
    marked = {
        "groups": [{"group": one, "against": other} | group for one, other in pairs], "keyness": pd.DataFrame(rows),
        "sides": pd.DataFrame({"pair": [0], "doc_id": ["a"], "side": [outlets[0]]}),
        "contexts": pd.DataFrame({"name": ["ship"], "doc_id": ["a"], "date": [""], "start": [2], "match": ["ship"]}),
    }  # fmt: skip
    articles = pd.DataFrame(
        {"doc_id": ["a", *map(str, range(40))], "text": "A ship.", "title": "", "date": "", "source": "", "url": ""}
    )
    html.begin(tmp_path)
    shown = str(page.unasked(marked, articles))
    html.begin(None)
    ids = re.findall(r' id="([^"]*)"', shown)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#(term-[^"]*)"', shown)) == {name for name in ids if name.startswith("term-")}
    files = {
        path.name.lower() for path in (tmp_path / "figures").glob("*.svg")
    }  # as a disk that knows no capitals has them
    assert len(files) == len(set(re.findall(r'class="title"><a[^>]*>(.*?)</a>', shown))) == 4


def test_a_sample_is_the_same_every_time_and_takes_other_articles_first():
    rows = pd.DataFrame({"name": "x", "doc_id": list("aaaabc"), "start": range(6), "date": ""})
    first = page.sample(rows, 3)
    assert set(first["doc_id"]) == {"a", "b", "c"}
    assert first.equals(page.sample(rows, 3))
    assert page.sample(rows, 6) is rows


def test_few_articles_get_a_grid_whose_cells_hold_as_many_marks_as_they_count(few):
    kept = few["kept"]
    assert kept["series"].empty
    assert kept["trends"].empty
    assert kept["bursts"].empty
    shown = str(page.overview(kept, few["articles"]))
    cells = re.findall(r"<details><summary>(\d+)<span.*?</summary>(.*?)</details>", shown, re.S)
    assert sum(int(n) for n, _ in cells) == len(kept["contexts"])
    assert all(body.count("<mark>") == int(n) for n, body in cells)


def test_few_articles_get_no_line_no_share_and_no_trend(few):
    kept, settings = few["kept"], few["settings"]
    beside, marked = pipeline.companions(settings), pipeline.keyness(settings)
    articles = few["articles"]
    shown = "".join(
        [
            page.answer(kept), page.overview(kept, articles), page.moves(kept), page.each(kept, beside, articles),
            page.unasked(marked, articles), page.collected(kept, pipeline.volume(settings), {}),
        ]
    )  # fmt: skip
    assert "<svg" not in shown
    assert " %" not in shown
    assert shown.count("no trend") == 1
    assert "totals.csv" not in shown
    assert "counts once" not in shown
    assert not re.search(r"</h2>(<h2|$)", shown)
    assert "query: drone" in page.collected(kept, pipeline.volume(settings), {"query": "drone"})


def test_a_collection_that_is_not_described_is_asked_for(many):
    assert "collection.yml" in str(page.collected(many["kept"], many["volume"], {}))
    told = str(page.collected(many["kept"], many["volume"], {"query": "drone", "seasons": {}}))
    assert "query: drone" in told


def test_a_long_sentence_is_cut_between_words_and_says_so_on_the_side_that_is_cut():
    text = "harbour " * 400 + "drone " + "harbour " * 400
    start = text.index("drone")
    first, last = page._sentence(text, start, start + 5)
    assert 300 < last - first <= page.LONGEST
    assert set(text[first:last].split()) == {"harbour", "drone"}
    assert re.fullmatch("… <span.*</span> …", page._marked(text, first, last, []))
    assert re.fullmatch("<span.*</span> …", page._marked(text, *page._sentence(text, 0, 7), []))


def test_fragments_of_one_sentence_that_overlap_are_shown_once():
    text = "harbour " * 50 + "drone " + "harbour " * 12 + "drone " + "harbour " * 200 + "drone " + "harbour " * 80
    starts = [match.start() for match in re.finditer("drone", text)]
    shown = page._sentences(pd.DataFrame({"start": starts, "match": "drone"}), text)
    assert [piece.count("<mark>") for piece in shown] == [2, 1]
    assert page._joined(shown).count("…") == 3


def test_names_whose_line_is_shown_over_fewer_periods_are_counted_and_theirs_stand_beside_the_share(many):
    kept = many["kept"]
    tested = kept["trends"][kept["trends"]["note"] == ""]
    span = tested["first"].min(), tested["last"].max()
    plain = tested.assign(first=span[0], last=span[1])
    assert "stands beside the share" not in str(page._tested(plain))
    inner = plain.assign(first=[*plain["first"][:-1], "2019-05"])
    shown = html.Piece.unescape(page._tested(inner))
    assert f"of 1 of the {len(tested)} names in the period that stands beside the share" in shown
    assert "% (2019-05)" in shown
    assert f"in {span[0]} and {span[1]}; of 1" in shown
