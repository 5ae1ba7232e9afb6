"""Small worlds with a known answer, for the tests of the models."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp
from scipy.optimize import linear_sum_assignment

from topics.models.lda import TopicModel
from topics.words.counts import Counts


class World(NamedTuple):
    counts: Counts
    doc_topic: np.ndarray  # the shares that the articles were made with
    topic_term: np.ndarray


def planted(
    n_topics: int = 5,
    n_docs: int = 120,
    length: int = 80,
    n_terms: int = 100,
    alpha: float = 0.1,
    beta: float = 0.05,
    seed: int = 0,
) -> World:
    """Articles drawn from LDA itself, with topics from Dirichlet(beta) and shares from Dirichlet(alpha)."""
    rng = np.random.default_rng(seed)
    topic_term = rng.dirichlet(np.full(n_terms, beta), size=n_topics)
    doc_topic = rng.dirichlet(np.full(n_topics, alpha), size=n_docs)
    matrix = np.array([rng.multinomial(length, row / row.sum()) for row in doc_topic @ topic_term]).astype(np.int32)
    return World(counts_of(matrix), doc_topic, topic_term)


def counts_of(matrix: Any, unit_doc: Any = None) -> Counts:
    """Counts of a dense matrix, articles named d000, d001 …, terms t0000, t0001 …"""
    matrix = np.asarray(matrix, np.int32)
    unit_doc = np.arange(len(matrix), dtype=np.int32) if unit_doc is None else np.asarray(unit_doc, np.int32)
    doc_ids = np.array([f"d{i:03d}" for i in range(unit_doc.max(initial=-1) + 1)])
    terms = np.array([f"t{i:04d}" for i in range(matrix.shape[1])], dtype=str)
    return Counts(doc_ids, terms, sp.csr_matrix(matrix), unit_doc)


def come_back(world: World, model: TopicModel) -> None:
    """The planted topics are those of the fit, in some order, and so are the articles' shares."""
    distance = np.abs(world.topic_term[:, None] - model.topic_term[None]).sum(axis=2) / 2
    rows, columns = linear_sum_assignment(distance)
    assert distance[rows, columns].max() < 0.12
    assert np.abs(world.doc_topic[:, rows] - model.doc_topic[:, columns]).mean() < 0.03


def same(a: TopicModel, b: TopicModel) -> bool:
    for field in fields(TopicModel):
        x, y = getattr(a, field.name), getattr(b, field.name)
        if sp.issparse(x):
            x, y = x.toarray(), y.toarray()
        if not np.array_equal(x, y):
            return False
    return True
