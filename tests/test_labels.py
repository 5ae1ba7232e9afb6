"""Labels follow their topic by its terms, whatever its number; bad files are told in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml
from test_models_worlds import World, planted

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
        table, lost = labels.label_topics(lda.topics(run, world.counts), labels.read_labels(path), run)
        alike = run.topic_term @ model.topic_term.T
        assert table.loc[alike[:, 2].argmax(), "label"] == "Third"
        assert table.loc[alike[:, 2].argmax(), "group"] == "G"
        assert table.loc[alike[:, 0].argmax(), "label"] == "First"
        assert len(lost) == 0


def test_a_label_of_a_topic_that_is_gone_is_told_and_given_to_no_other(
    world: World, model: TopicModel, tmp_path: Path
) -> None:
    path = written(tmp_path, {"terms": ["moon", "tide", "sea"], "name": "Sea"})
    table, lost = labels.label_topics(lda.topics(model, world.counts), labels.read_labels(path), model)
    assert "Sea" not in table["label"].tolist()
    assert lost["name"].tolist() == ["Sea"]


def test_junk_carries_its_reason_and_an_entry_for_another_count_does_not_apply(
    world: World, model: TopicModel, tmp_path: Path
) -> None:
    path = written(
        tmp_path,
        {"terms": leading(model, 1), "junk": True, "reason": "words of reporting"},
        {"terms": leading(model, 0), "name": "Of ten", "n_topics": 10},
    )
    table, lost = labels.label_topics(lda.topics(model, world.counts), labels.read_labels(path), model)
    assert table["junk"].tolist() == [False, True, False]
    assert table.loc[1, "reason"] == "words of reporting"
    assert "Of ten" not in table["label"].tolist()
    assert len(lost) == 0


def test_merged_topics_have_one_name_and_their_shares_add_up(world: World, model: TopicModel, tmp_path: Path) -> None:
    entries = [{"terms": leading(model, k), "name": "Both", "merge": True} for k in (0, 2)]
    table, _ = labels.label_topics(
        lda.topics(model, world.counts), labels.read_labels(written(tmp_path, *entries)), model
    )
    assert table["merged"].tolist() == ["Both", "", "Both"]
    merged = labels.merge_shares(lda.doc_topics(model, world.counts), table)
    assert sorted(merged["topic"].unique()) == [1, 2]
    assert np.allclose(merged.groupby("doc_id")["share"].sum(), 1)
    first = merged[merged["topic"] == 1]["share"].to_numpy()
    assert np.allclose(first, lda.article_shares(model, world.counts)[:, [0, 2]].sum(axis=1))


def test_no_file_is_no_labels(world: World, model: TopicModel, tmp_path: Path) -> None:
    assert labels.read_labels(tmp_path / "none.yml") == []
    table, lost = labels.label_topics(lda.topics(model, world.counts), [], model)
    assert len(table) == 3
    assert lost.empty


def test_the_skeleton_is_a_labels_file_for_every_topic(world: World, model: TopicModel, tmp_path: Path) -> None:
    path = tmp_path / "labels.yml"
    path.write_text(labels.skeleton(lda.topics(model, world.counts)), encoding="utf-8")
    assert [list(label.terms) for label in labels.read_labels(path)] == [leading(model, k, 10) for k in range(3)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("topics: {a: 1}", "a list of entries"),
        ("- 1", "a list of entries"),
        ("topics: [", "not readable YAML"),
        ("topics: [1]", "entry 1 must have terms"),
        ("topics: [{terms: [a, b], name: X}]", "three terms or more"),
        ("topics: [{terms: [a, b, yes], name: X}]", "put True in quotes"),
        ("topics: [{terms: [a, b, c], nmae: X}]", "unknown 'nmae'"),
        ("topics: [{terms: [a, b, c], junk: true}]", "must give its reason"),
        ("topics: [{terms: [a, b, c], merge: true}]", "the name that it shares"),
        ("topics: [{terms: [a, b, c], name: 3}]", "name must be str"),
    ],
)
def test_a_bad_file_is_told_in_one_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "labels.yml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=said) as caught:
        labels.read_labels(path)
    assert "\n" not in str(caught.value)
    assert "labels.yml" in str(caught.value)
