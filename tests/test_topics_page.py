"""The topics' pages and what they rest on: passages, counterparts, groups, doubts; a small world with two themes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from worlds import counts_of

from topics.models import alignment, lda, reading
from topics.report import html, reading_groups, topic_sections, topics_page
from topics.trends import groups
from topics.trends.prevalence import GIVEN_TOPICS, LIKE_THESE
from topics.words import counts as words_room

ROADS = ["bus", "tram", "road", "driver", "fare", "ticket"]
HEALTH = ["virus", "vaccine", "ward", "nurse", "fever", "mask"]


def sentence(rng, theme):
    picked = [str(word) for word in rng.choice(theme, 7)]
    return " ".join(picked).capitalize() + "."


@pytest.fixture(scope="module")
def world():
    """Sixty articles: the first thirty on roads, the others on health; each has one paragraph on the other theme."""
    rng = np.random.default_rng(3)
    rows = []
    for i in range(60):
        own, other = (ROADS, HEALTH) if i < 30 else (HEALTH, ROADS)
        paragraphs = [" ".join(sentence(rng, own) for _ in range(4)), sentence(rng, other), sentence(rng, own)]
        rows.append(
            (
                f"a{i:02d}",
                "\n\n".join(paragraphs),
                "Old <b>Post</b>" if i % 2 else "Courier",
                "city" if i < 30 else "health",
            )
        )
    articles = pd.DataFrame(rows, columns=["doc_id", "text", "source", "section"])
    articles = articles.assign(title="<script>1</script> title", url="", date="2020-01-01", n_words=42)
    words = words_room.prepare(articles, language="en", lemmas=False, phrases="none", remove=(), max_share=1.0)
    model = lda.fit(words["counts"], n_topics=2, seed=1, sweeps=200)
    roads = 1 + int(model.topic_term[:, list(model.terms).index("bus")].argmax())
    return {"articles": articles, "words": words, "counts": words["counts"], "model": model, "roads": roads}


class TestPassages:
    def test_the_passage_that_carries_a_topic_is_the_paragraph_on_its_theme(self, world):
        texts = dict(zip(world["articles"]["doc_id"], world["articles"]["text"], strict=True))
        wanted = pd.DataFrame(
            {"topic": [world["roads"]] * 10, "doc_id": [f"a{i}" for i in range(40, 50)]}
        )  # of the other theme
        found = reading.passages(world["model"], world["counts"], world["words"], texts, wanted)
        for row in found.itertuples():
            passage = texts[row.doc_id][row.start : row.end]
            assert set(passage.lower().strip(".").split()) <= set(ROADS)
            assert row.begin <= row.start < row.end <= row.finish
            assert row.n_of_topic <= row.n_words == 7

    def test_a_passage_keeps_to_one_paragraph_and_its_length(self, world):
        texts = dict(zip(world["articles"]["doc_id"], world["articles"]["text"], strict=True))
        found = reading.passages(
            world["model"],
            world["counts"],
            world["words"],
            texts,
            reading.choose_articles(world["model"], world["counts"]),
        )
        for row in found.itertuples():
            passage = texts[row.doc_id][row.start : row.end]
            assert "\n" not in passage
            assert len(passage) <= reading.LONGEST

    def test_a_text_without_words_has_a_passage_all_the_same(self):
        assert reading._best_passage("", np.zeros(0), np.zeros(0), np.zeros(0))[:2] == (0, 0)


class TestArticlesToRead:
    def test_typical_ones_have_the_largest_shares_and_random_ones_are_led_by_the_topic(self, world):
        chosen = reading.choose_articles(world["model"], world["counts"])
        shares = lda.article_shares(world["model"], world["counts"])
        for topic, rows in chosen.groupby("topic"):
            typical, random = (rows[rows["how"] == how] for how in ("typical", "random"))
            assert typical["share"].min() >= np.sort(shares[:, topic - 1])[-reading.TYPICAL]
            assert not set(typical["doc_id"]) & set(random["doc_id"])
            assert (random["share"] > 0.5).all()

    def test_where_a_topic_leads_no_other_article_they_are_drawn_from_those_that_hold_it_and_the_page_says_so(
        self, world, made, monkeypatch
    ):
        shares = np.array([[0.8, 0.2]] * 5 + [[0.3, 0.7]] * 3 + [[0.05, 0.95]] * 52)
        monkeypatch.setattr(reading, "article_shares", lambda model, counts: shares)
        chosen = reading.choose_articles(world["model"], world["counts"])
        drawn = chosen[(chosen["topic"] == 1) & (chosen["how"] != "typical")]
        assert set(drawn["how"]) == {"present"}
        assert drawn["share"].tolist() == [0.3] * 3
        told = made["reading"]["articles"].assign(how=lambda table: table["how"].replace("random", "present"))
        page = topic_sections.section(made | {"reading": made["reading"] | {"articles": told}}, 1)
        assert "In no other article is this topic the largest" in page
        assert "in which no topic is larger" not in page

    def test_the_same_seed_draws_the_same_articles(self, world):
        first, second = (reading.choose_articles(world["model"], world["counts"], seed=4) for _ in range(2))
        pd.testing.assert_frame_equal(first, second)


class TestTopicsBesideEachOther:
    def test_a_fit_is_its_own_counterpart(self, world):
        found = reading.counterparts(world["model"], ["x", "y"], {("seed", 2, 1): world["model"]})
        own = found[found["kind"] == "seed"]
        assert own["topic_b"].tolist() == own["topic"].tolist()
        assert own["similarity"].to_numpy() == pytest.approx(1)

    def test_divergence_is_symmetric_zero_for_itself_and_at_most_log_two(self, world):
        found = alignment.divergences(world["model"], world["model"])
        assert found == pytest.approx(found.T)
        assert np.diag(found) == pytest.approx(0, abs=1e-12)
        assert 0 < found[0, 1] < np.log(2)

    def test_topics_without_a_word_in_common_differ_by_log_two(self, world):
        apart = np.zeros_like(world["model"].topic_term)
        apart[0, 0], apart[1, 1] = 1, 1
        model = replace(world["model"], topic_term=apart)
        assert alignment.divergences(model, model)[0, 1] == pytest.approx(np.log(2))

    def test_topics_that_are_the_same_but_for_rounding_do_not_differ(self, world):
        one = world["model"].topic_term[0]
        same = np.array([one * (1 + 1e-15 * np.cos(np.arange(len(one)) + shift)) for shift in range(40)])
        model = replace(world["model"], topic_term=same)
        assert alignment.divergences(model, model) == pytest.approx(0, abs=1e-12)

    def test_two_topics_lie_as_far_apart_as_their_words_differ(self, world):
        place = reading.positions(world["model"])
        apart = np.hypot(*(place[["x", "y"]].iloc[0] - place[["x", "y"]].iloc[1]))
        assert apart == pytest.approx(np.sqrt(alignment.divergences(world["model"], world["model"])[0, 1]))
        assert place["kept"].iloc[0] == pytest.approx(1)

    def test_a_topic_of_another_run_has_its_share_of_the_articles_where_paragraphs_are_the_units(self):
        matrix = np.tile([[9, 9, 1, 1]], (40, 1))
        matrix[:10] = [1, 1, 9, 9]
        counts = counts_of(matrix, [0] * 10 + list(range(1, 31)))  # ten paragraphs of one article, thirty articles
        model = lda.fit(counts, n_topics=2, seed=1, sweeps=100, samples=5)
        pairs = pd.DataFrame({"topic_a": [1, 2], "seed_b": 1, "topic_b": [1, 2]})
        found = reading.seed_shares(pairs, {1: model}, counts)
        assert found["share"].to_numpy() == pytest.approx(lda.topics(model, counts)["share"].to_numpy())
        assert found["share"].to_numpy() != pytest.approx(model.doc_topic.mean(axis=0), abs=0.05)

    def test_two_topics_exclude_each_other(self, world):
        table = reading.correlations(world["model"], world["counts"])
        assert table["r"].to_numpy() == pytest.approx([1, -1, -1, 1])


class TestGroups:
    def test_columns_of_groups_are_found_and_others_are_not(self, world):
        assert groups.columns_to_compare(world["articles"].assign(number=range(60))) == ["source", "section"]

    def test_a_planted_difference_is_found_and_none_where_there_is_none(self, world):
        placed = pd.DataFrame({"source": world["articles"]["source"], "day": np.arange(60) // 2})
        shares = lda.article_shares(world["model"], world["counts"])
        for column, differs in (("section", True), ("source", False)):
            codes, blocks = groups.group_blocks(world["articles"][column], placed)
            draws = lda.share_draws(world["model"], world["counts"], codes)
            table = groups.group_shares(draws, blocks, shares, codes)
            assert ((table["low"] <= table["share"]) & (table["share"] <= table["high"])).mean() >= 0.75
            apart = (table["difference_low"] > 0) | (table["difference_high"] < 0)
            assert apart.all() if differs else not apart.any()

    def test_shares_of_a_group_add_up_to_one(self, world):
        placed = pd.DataFrame({"source": "x", "day": np.arange(60)})
        codes, blocks = groups.group_blocks(world["articles"]["section"], placed)
        table = groups.group_shares(
            np.zeros((0, len(blocks), 2)), blocks, lda.article_shares(world["model"], world["counts"]), codes
        )
        assert table.groupby("group")["share"].sum().to_numpy() == pytest.approx(1)
        assert table["low"].isna().all()


class TestDoubts:
    def test_a_topic_of_one_outlet_is_said_to_be_so(self, world):
        near = reading.counterparts(world["model"], ["x", "y"], {})
        by_theme = dict(zip(world["articles"]["doc_id"], world["articles"]["section"], strict=True))
        said = reading.doubts(world["model"], world["counts"], near, by_theme)
        assert all(any("outlet’s" in line or "outlet's" in line for line in lines) for lines in said.values())

    def test_no_outlet_is_named_where_topics_do_not_keep_to_one(self, world):
        near = reading.counterparts(world["model"], ["x", "y"], {})
        sources = dict(zip(world["articles"]["doc_id"], world["articles"]["source"], strict=True))
        assert not any(
            "outlet" in line
            for lines in reading.doubts(world["model"], world["counts"], near, sources).values()
            for line in lines
        )


class TestReadingGroups:
    def test_groups_that_are_the_articles_are_told(self):
        table = pd.DataFrame({"doc_id": list("aaaabbbbcccc"), "topic": [1] * 4 + [2] * 4 + [3] * 4})
        assert reading.say_groups(table).endswith("the groups mostly find the articles again.")

    def test_groups_that_cut_across_the_articles_are_told(self):
        table = pd.DataFrame({"doc_id": list("abc") * 6, "topic": [1, 1, 1, 2, 2, 2] * 3})
        assert reading.say_groups(table).endswith("the groups cut across the articles.")

    def test_a_paragraph_is_shown_whole(self):
        assert reading_groups._whole("One.\nTwo and three. Four.\nFive", 9, 12) == "Two and three. Four."

    def test_a_group_stands_in_other_runs_in_the_words_of_the_other_pages(self):
        rows = [(1, 4, ""), (2, 3, topics_page.WAVERING), (3, 2, topics_page.UNSTABLE)]
        topics = pd.DataFrame(rows, columns=["topic", "found", "standing"]).assign(runs=4, label="x", terms="y")
        none = pd.DataFrame({"doc_id": [], "topic": [], "n_words": []})
        articles = pd.DataFrame({"doc_id": ["a"], "title": "A", "text": "b"})
        page = str(
            reading_groups.groups({"topics": topics, "articles": articles, "reading": {"groups": none}, "language": ""})
        )
        assert "in 4 of 4 other runs.<" in page
        assert "in 3 of 4 other runs: not in every run, so" in page
        assert "in 2 of 4 other runs: unstable, so" in page


@pytest.fixture
def made(world):
    """What the page is given, with one topic that comes back in every run and one in none."""
    model, counts = world["model"], world["counts"]
    topics = lda.topics(model, counts).assign(
        group="", reason="", merged="", joins="", junk=False, label_fit=np.nan, coherence=0.1, exclusivity=5.0
    )
    topics["label"] = ["<i>first</i>", "second"]
    topics["found"], topics["runs"], topics["again"], topics["again_part"] = [4, 0], 4, [0.9, 0.0], np.nan
    topics["everywhere"] = False
    topics["stable"], topics["standing"] = [True, False], ["", topics_page.UNSTABLE]
    texts = dict(zip(world["articles"]["doc_id"], world["articles"]["text"], strict=True))
    chosen = reading.choose_articles(model, counts)
    near = reading.counterparts(model, topics["label"].tolist(), {("seed", 2, 1): model})
    series = pd.DataFrame(columns=["name", "method"])
    return {
        "n_topics": 2, "few": False, "language": "fr", "articles": world["articles"], "topics": topics,
        "kept": {"topic_terms": lda.topic_terms(model, 12), "doc_topics": lda.doc_topics(model, counts),
                 "matches": pd.DataFrame({"topic_a": [1], "seed_b": [1], "topic_b": [1]}), "floor": 0.5,
                 "labels": pd.DataFrame({"name": ["Gone"], "terms": ["x, y, z"], "topic": [0], "fit": [0.2]}),
                 "groups": pd.DataFrame()},
        "reading": {"articles": reading.passages(model, counts, world["words"], texts, chosen), "counterparts": near,
                    "doubts": {"1": [], "2": []}, "seed_shares": pd.DataFrame({"topic": [1], "seed": [2], "share": [0.5]}),
                    "correlations": reading.correlations(model, counts)},
        "over_time": {"series": series, "trends": pd.DataFrame(columns=["name"]), "groups": pd.DataFrame(), "length": "year"},
    }  # fmt: skip


def test_a_label_that_fits_no_group_is_told_where_articles_are_few_too(made):
    few = made | {"few": True, "reading": {"groups": [1, 2], "said": "they follow the articles."}}
    assert "The label “Gone” (x, y, z) fits no topic of this run" in str(topics_page.overview(few))


class TestPage:
    def test_every_topic_stands_under_its_anchor_and_the_unstable_one_is_marked(self, made):
        page = str(topic_sections.each_topic(made))
        assert 'id="topic-1"' in page
        assert 'id="topic-2"' in page
        first, second = page.split('id="topic-2"')
        assert "Unstable" not in first
        assert "Unstable" in second

    def test_scraped_text_is_escaped(self, made):
        page = str(topic_sections.each_topic(made)) + str(topics_page.overview(made))
        assert "<script>1" not in page
        assert "<i>first" not in page
        assert "<b>Post" not in page

    def test_typical_and_random_articles_stand_apart_with_a_marked_passage(self, made):
        page = str(topic_sections.section(made, 1))
        assert page.index("Most typical") < page.index("Drawn at random")
        assert page.count("<mark>") == page.count('lang="fr"') == (made["reading"]["articles"]["topic"] == 1).sum()

    def test_what_a_topic_is_in_other_runs_and_at_other_counts_is_said_as_the_front_page_counts_it(self):
        labels = pd.Series({1: "roads", 2: "wards"})

        def said(kind, similarity, mutual=False, partner=None, there=False):
            row = SimpleNamespace(
                kind=kind, topic=1, topic_b=7, seed_b=3, n_topics_b=5, similarity=similarity, mutual=mutual
            )
            return topic_sections._where(row), topic_sections._found(row, partner, there, labels, floor=0.5)

        assert said("seed", 0.9, partner=1) == ("run with seed 3", "yes")
        assert said("seed", 0.9, partner=2)[1] == "no: this is the pair of topic 2 (wards)"
        assert said("seed", 0.9, partner=2, there=True)[1] == "yes, in another one: this is the pair of topic 2 (wards)"
        assert said("seed", 0.4)[1] == said("count", 0.4, True)[1] == "no: not beyond shuffled text"
        assert said("count", 0.9, True) == ("at 5 topics: topic 7", "yes")
        assert said("count", 0.9)[1] == "no: it is more like another topic of this run"

    def test_the_overview_says_how_many_come_back_and_which_label_is_lost(self, made):
        page = html.group(topics_page.overview(made))
        assert "1 of 2 topics come back in each of 4 other runs; 1 in half or fewer, which is called unstable." in page
        assert "Gone" in page
        assert "4 of 4 other runs" in page
        assert "0 of 4 other runs · unstable" in page

    def test_topics_in_groups_are_said_to_stand_by_group(self, made):
        grouped = made | {"topics": made["topics"].assign(group=["City", *[""] * (len(made["topics"]) - 1)])}
        assert "Topics by group and share" in topics_page.overview(grouped)
        assert "Topics by share" in topics_page.overview(made)

    def test_three_questions_are_named(self, made):
        page = topics_page.overview(made)
        assert all(f"({letter})" in page for letter in "abc")

    def test_a_fit_without_draws_is_said_to_have_no_interval(self, made):
        """One by gensim: "95 % interval" stood where there was none, or that days were too few for it."""
        bare = made | {"topics": made["topics"].assign(share_low=np.nan, share_high=np.nan)}
        page = topics_page.overview(bare) + topic_sections.section(bare, 1)
        assert page.count(topics_page.NO_DRAWS) >= 2
        assert "95 %" not in page.replace("\u00a0", " ")
        assert "this fit has no posterior draws, so the first two have no interval here" in page
        assert topics_page.share_head(False) == "Share of an article’s counted words (no interval)"
        rows = pd.DataFrame({"name": "1", "method": [GIVEN_TOPICS, LIKE_THESE], "estimate": 0.2, "low": np.nan})
        assert topic_sections.intervals(rows, 1)[1] == topics_page.NO_DRAWS
        group = SimpleNamespace(low=np.nan, difference=0.1, difference_low=np.nan, difference_high=np.nan)
        assert topic_sections._points(group) == "10.0"
        few = SimpleNamespace(low=0.1, difference=0.1, difference_low=np.nan, difference_high=np.nan)
        assert topic_sections._points(few) == "10.0, no interval: fewer than eight days"

    def test_what_is_left_out_is_said(self, made):
        assert "Left out" in topics_page.topic_map(made)
        assert "Left out" in topics_page.together(made)

    def test_a_trend_that_is_not_tested_says_why(self):
        row = pd.DataFrame({"note": ["Only 3 years."]}).itertuples()
        assert topic_sections._trend(next(row)) == "**Trend:** not tested. Only 3 years."

    def test_the_line_to_paste_for_a_label_stands_under_each_topic_and_is_read(self, made, tmp_path):
        import html as escapes
        import re

        from topics.models import labels

        page = escapes.unescape(str(topic_sections.section(made, 1)))
        line = re.search(r"<code>(- \{terms: .*?\})</code>", page)[1]
        (tmp_path / "labels.yml").write_text(f"topics:\n  {line}\n", encoding="utf-8")
        assert list(labels.read_labels(tmp_path / "labels.yml")[0].terms) == made["topics"]["terms"][0].split(", ")[:6]
