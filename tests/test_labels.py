"""Labels follow their topic by its terms, whatever its number; bad files are told in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from worlds import World, planted

from topics.models import labels, lda
from topics.models.lda import TopicModel, fit
from topics.tables import UserError


@pytest.fixture(scope="module")
def world() -> World:
    return planted(n_topics=3, n_docs=60)


@pytest.fixture(scope="module")
def model(world: World) -> TopicModel:
    return fit(world.counts, n_topics=3, seed=1, sweeps=100, samples=5)


def written(folder: Path, *entries: dict) -> Path:
    path = folder / "labels.yml"
    path.write_text(yaml.safe_dump({"topics": list(entries)}), encoding="utf-8")
    return path


def leading(model: TopicModel, topic: int, n: int = 5) -> list[str]:
    return model.terms[lda.top_terms(model, n)[topic]].tolist()


def labelled(world: World, run: TopicModel, path: Path) -> tuple[pd.DataFrame, pd.DataFrame, TopicModel]:
    """TOPICS with labels, what became of the labels, and the fit with its topics merged."""
    found = labels.find_topics(labels.read_labels(path), run)
    share = run.doc_topic.mean(axis=0)
    merged, number = labels.merge_topics(run, labels.joined(found, run.n_topics), share)
    parts = lda.distinctive_labels(run)
    return labels.label_topics(lda.topics(merged, world.counts), found, number, parts), found, merged


def test_a_label_follows_its_topic_to_another_number_and_another_seed(
    world: World, model: TopicModel, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        {"terms": leading(model, 2), "name": "Third", "group": "G"},
        {"terms": leading(model, 0), "name": "First"},
    )
    other = fit(world.counts, n_topics=3, seed=9, sweeps=100, samples=5)
    for run in (model, other, replace(model, topic_term=model.topic_term[::-1], doc_topic=model.doc_topic[:, ::-1])):
        table, found, _ = labelled(world, run, path)
        alike = run.topic_term @ model.topic_term.T
        assert table.loc[alike[:, 2].argmax(), "label"] == "Third"
        assert table.loc[alike[:, 2].argmax(), "group"] == "G"
        assert table.loc[alike[:, 0].argmax(), "label"] == "First"
        assert table["label_fit"].notna().sum() == 2
        assert (found["topic"] > 0).all()


def test_a_label_of_a_topic_that_is_gone_is_told_and_given_to_no_other(
    world: World, model: TopicModel, tmp_path: Path
) -> None:
    path = written(tmp_path, {"terms": ["moon", "tide", "sea"], "name": "Sea"})
    table, found, _ = labelled(world, model, path)
    assert "Sea" not in table["label"].tolist()
    assert found.loc[found["topic"] == 0, "name"].tolist() == ["Sea"]


def test_a_label_that_fits_no_topic_takes_none_from_another(world: World, model: TopicModel, tmp_path: Path) -> None:
    every = [leading(model, topic, 20) for topic in range(3)]
    first, second = ([term for term in every[i] if sum(term in one for one in every) == 1] for i in (0, 1))
    path = written(
        tmp_path,
        {"terms": [first[0], second[0], "tide"], "name": "Kept"},  # .55 of the first topic, .27 of the second
        {"terms": ["moon", first[1], first[2]], "name": "Lost"},  # .45 of the first: less than half, but a larger sum
    )
    assert labelled(world, model, path)[1]["topic"].tolist() == [1, 0]


def test_junk_carries_its_reason_and_an_entry_for_another_count_does_not_apply(
    world: World, model: TopicModel, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        {"terms": leading(model, 1), "junk": True, "reason": "words of reporting"},
        {"terms": leading(model, 0), "name": "Of ten", "n_topics": 10},
    )
    table, found, _ = labelled(world, model, path)
    assert table["junk"].tolist() == [False, True, False]
    assert table.loc[1, "reason"] == "words of reporting"
    assert "Of ten" not in table["label"].tolist()
    assert len(found) == 1


def test_how_well_a_label_fits_is_the_part_of_its_terms_that_lead_the_topic_the_first_weighing_most() -> None:
    terms = np.array([f"w{i:02d}" for i in range(60)])
    topic_term = np.full((2, 60), 0.001)
    topic_term[0, :20], topic_term[1, 20:40] = 0.04, 0.04
    run = SimpleNamespace(terms=terms, topic_term=topic_term, n_topics=2)
    # by hand, with weights 1, 1/2, 1/3: the first alone 6/11, the others alone 5/11
    given = [labels.Label(("w00", "w45", "w46"), name="first"), labels.Label(("w45", "w20", "w21"), name="others")]
    found = labels.find_topics(given, run)
    assert found["fit"].tolist() == pytest.approx([6 / 11, 5 / 11])
    assert found["topic"].tolist() == [1, 0]  # under half is no fit
    assert not found[["merge", "junk"]].to_numpy().any()  # unless it is said


def test_one_topic_has_one_label_and_the_pairing_is_the_best_in_all() -> None:
    topic_term = np.full((2, 60), 0.001)
    topic_term[0, :20], topic_term[1, 10:30] = 0.04, 0.04
    run = SimpleNamespace(terms=np.array([f"w{i:02d}" for i in range(60)]), topic_term=topic_term, n_topics=2)
    both, one = labels.Label(("w10", "w11", "w12"), name="both"), labels.Label(("w13", "w00", "w01"), name="one")
    other = labels.Label(("w14", "w15", "w16"), name="late")
    assert labels.find_topics([both, one], run)["topic"].tolist() == [2, 1]
    assert sorted(labels.find_topics([both, one, other], run)["topic"]) == [0, 1, 2]
    assert labels.find_topics([replace(one, n_topics=3)], run).empty


def test_labels_of_one_name_to_be_merged_make_one_topic_of_theirs_and_others_stay() -> None:
    rows = [("A", True, 4), ("B", True, 2), ("A", True, 5), ("C", False, 1), ("A", True, 0), ("B", True, 3)]
    found = pd.DataFrame(rows, columns=["name", "merge", "topic"])
    assert labels.joined(found, 6).tolist() == [0, 1, 1, 3, 3, 5]


@pytest.fixture
def merged(world: World, model: TopicModel, tmp_path: Path) -> tuple[pd.DataFrame, TopicModel]:
    entries = [{"terms": leading(model, k), "name": "Both", "merge": True, "reason": f"r{k}"} for k in (1, 2)]
    table, _, run = labelled(world, model, written(tmp_path, *entries))
    return table, run


def test_merged_topics_are_one_row_of_one_name_that_says_what_it_is_made_of(merged: Any, model: TopicModel) -> None:
    table, _ = merged
    assert table["topic"].tolist() == [1, 2]
    both = table[table["label"] == "Both"].iloc[0]
    assert both["merged"].count(";") == 1
    assert both["reason"] == "r1; r2"
    assert table["share"].is_monotonic_decreasing
    assert both["share"] == pytest.approx(model.doc_topic[:, 1:].mean(axis=0).sum())


def test_draws_of_a_merged_topic_are_the_sums_of_its_parts_draws(world: World, merged: Any, model: TopicModel) -> None:
    table, run = merged
    one = int(table.loc[table["label"] == "Both", "topic"].iloc[0]) - 1
    assert (run.draws_doc[:, :, one] == model.draws_doc[:, :, 1:].sum(axis=2)).all()
    assert run.alpha[one] == pytest.approx(model.alpha[1:].sum())
    whole, parts = (lda.share_draws(m, world.counts, n=400)[:, 0] for m in (run, model))
    summed = parts[:, 1:].sum(axis=1)
    assert whole[:, one].mean() == pytest.approx(summed.mean(), abs=4 * summed.std() / 20)
    assert whole[:, one].std() == pytest.approx(summed.std(), rel=0.2)


def test_terms_of_a_merged_topic_are_mixed_by_size(merged: Any, model: TopicModel) -> None:
    table, run = merged
    one = int(table.loc[table["label"] == "Both", "topic"].iloc[0]) - 1
    assert np.allclose(run.topic_term.sum(axis=1), 1)
    wanted = np.average(model.topic_term[1:], axis=0, weights=model.topic_n[1:])
    assert np.allclose(run.topic_term[one], wanted)
    assert run.draws_term.sum() == model.draws_term.sum()
    assert run.draws_term.shape[0] == 2 * len(model.draws_doc)


@pytest.mark.parametrize("count", [2, 1000])
def test_counts_of_two_to_a_thousand_topics_can_be_bound_to(tmp_path: Path, count: int) -> None:
    path = written(tmp_path, {"terms": ["a", "b", "c"], "name": "X", "n_topics": count})
    assert labels.read_labels(path) == [labels.Label(("a", "b", "c"), count, "X")]


def test_entries_of_one_name_for_different_counts_or_all_to_be_merged_are_fine(tmp_path: Path) -> None:
    entry = {"terms": ["a", "b", "c"], "name": "X"}
    assert len(labels.read_labels(written(tmp_path, entry | {"n_topics": 5}, entry | {"n_topics": 8}))) == 2
    assert len(labels.read_labels(written(tmp_path, entry | {"merge": True}, entry | {"merge": True}))) == 2
    with pytest.raises(UserError, match="entries 1 and 2 have one name"):
        labels.read_labels(written(tmp_path, entry | {"merge": True}, entry))


def test_another_run_is_merged_as_its_topics_pair() -> None:
    pairs = np.array([2, 0, 1])  # of topics 0, 1, 2 of the first
    assert labels.joined_like(np.array([0, 1, 1]), pairs, 3).tolist() == [0, 0, 2]
    assert labels.joined_like(np.array([0, 1, 1]), np.array([2, -1, 1]), 3).tolist() == [0, 1, 2]


def test_the_share_of_a_group_adds_up_with_a_joint_interval(world: World, model: TopicModel, tmp_path: Path) -> None:
    entries = [{"terms": leading(model, k), "name": f"n{k}", "group": "G"} for k in range(3)]
    table, _, _ = labelled(world, model, written(tmp_path, *entries))
    group = labels.group_shares(table, model, world.counts).iloc[0]
    assert group["topics"] == "1, 2, 3"
    assert group[["share", "share_low", "share_high"]].tolist() == pytest.approx([1, 1, 1])


def test_the_share_of_a_group_is_that_of_its_own_topics(world: World, model: TopicModel, tmp_path: Path) -> None:
    entries = [{"terms": leading(model, k), "name": f"n{k}", "group": "A" if k else "B"} for k in range(3)]
    table, _, _ = labelled(world, model, written(tmp_path, *entries))
    found = labels.group_shares(table, model, world.counts).set_index("group")
    one = lda.topics(model, world.counts).iloc[0]
    numbers = ["share", "share_low", "share_high"]
    assert found.loc["B", numbers].tolist() == pytest.approx(one[numbers].tolist())
    rest = found.loc["A", numbers].tolist()
    assert rest == pytest.approx([1 - one["share"], 1 - one["share_high"], 1 - one["share_low"]])
    assert found.loc["A", "topics"] == "2, 3"


def test_no_file_is_no_labels(world: World, model: TopicModel, tmp_path: Path) -> None:
    assert labels.read_labels(tmp_path / "none.yml") == []
    table, found, run = labelled(world, model, tmp_path / "none.yml")
    assert table["label"].tolist() == lda.distinctive_labels(model)
    assert found.empty
    assert run is model


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topics: {a: 1}", "a list of entries, each"),
        ("- 1", "a list of entries, each"),
        ("topics: [", "line 1: not YAML"),
        ("topics:\n- {terms: [a, b, 2018-02-30], name: X}", "line 2: 2018-02-30 is no date"),
        ("topics: []\ntopics: []", "line 2: 'topics' stands already in line 1"),
        ("topcs: [{terms: [a, b, c], name: X}]", r"unknown 'topcs' \(allowed: topics\). Did you mean 'topics'"),
        ("topics: [{terms: [a, b, c], nam: X}]", "unknown 'nam' .* Did you mean 'name'"),
        (
            "topics: [{terms: [a, b, c], name: X, n_topics: true}]",
            "n_topics must be a whole number of 2 to 1,000. Got True",
        ),
        ("topics: [{terms: [a, b, c], name: X, n_topics: -3}]", "n_topics must be .* Got -3"),
        ("topics: [{terms: [a, b, c], name: X, n_topics: 1}]", "n_topics must be .* Got 1"),
        ("topics: [{terms: [a, b, c], name: X, n_topics: 1001}]", "n_topics must be .* Got 1001"),
        ("topics: [{terms: ['', '', ''], name: X}]", "terms must be words, each once"),
        ("topics: [{terms: [a, b, a], name: X}]", "terms must be words, each once"),
        ("topics: [{terms: [a, b, c], reason: why}]", "must have a name, a group or `junk: true`"),
        ("topics: [1]", "entry 1 must have terms"),
        ("topics: [{terms: [a, b], name: X}]", "three terms or more"),
        ("topics: [{terms: [a, b, yes], name: X}]", "put True in quotes"),
        ("topics: [{terms: [a, b, c], nmae: X}]", "unknown 'nmae'"),
        ("topics: [{terms: [a, b, c], junk: true}]", "must give its reason"),
        ("topics: [{terms: [a, b, c], merge: true}]", "the name that it shares"),
        ("topics: [{terms: [a, b, c], name: 3}]", "name must be text"),
        ("topics: [{terms: [a, b, c], name: X}, {terms: [d, e, f], name: X}]", "entries 1 and 2 have one name"),
    ],
)
def test_a_bad_file_is_told_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said) as caught:
        labels.read_labels(path)
    assert "\n" not in str(caught.value)
    assert "labels.yml" in str(caught.value)
