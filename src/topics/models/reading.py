"""What a reader needs of a fit: the passages that carry a topic, which topics are near, what goes together, what to doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from topics.models.alignment import divergences
from topics.models.lda import TopicModel, article_shares, articles, top_terms
from topics.models.stability import similarity
from topics.tokens import sentences
from topics.words.counts import Counts, columns_of

LONGEST = 360  # characters of a passage, unless one sentence is longer
AROUND = 160  # characters shown before and after it
TYPICAL, RANDOM = 5, 3  # articles of a topic that are shown
MAPPED = 60  # words of a topic by either measure that a map has
DEALT = 999  # times that groups are dealt out at random
PRESENT = 0.1  # an article holds a topic from this share of its text on


# --- articles to read -------------------------------------------------------------------------------------------------


def choose_articles(model: TopicModel, counts: Counts, seed: int = 0) -> pd.DataFrame:
    """Articles to read for each topic: `topic, doc_id, share, how`, those with the largest shares and some by chance.

    `how` is typical, random or present. The random ones are drawn, each as probable as another, from the articles in which no topic is larger and
    that are not shown as typical; where there are none, from those of which the topic is a tenth or more, and these are called present.
    """
    shares, names = article_shares(model, counts), articles(counts)
    leading = shares.argmax(axis=1)
    rows = []
    for topic in range(model.n_topics):
        order = np.argsort(-shares[:, topic], kind="stable")
        typical, rest = order[:TYPICAL], order[TYPICAL:]
        led, present = rest[leading[rest] == topic], rest[shares[rest, topic] >= PRESENT]
        pool, how = (led, "random") if len(led) else (present, "present")
        rng = np.random.default_rng([seed, topic, 6])
        drawn = rng.choice(np.sort(pool), min(RANDOM, len(pool)), replace=False) if len(pool) else pool
        rows += [(topic + 1, names[doc], shares[doc, topic], "typical") for doc in typical]
        rows += [(topic + 1, names[doc], shares[doc, topic], how) for doc in drawn]
    return pd.DataFrame(rows, columns=["topic", "doc_id", "share", "how"])


def passages(
    model: TopicModel, counts: Counts, words: Mapping[str, Any], texts: Mapping[str, str], wanted: pd.DataFrame
) -> pd.DataFrame:
    """The passage of each wanted article that carries the topic: `wanted` (`topic, doc_id`) with more columns.

    A word of an article is of a topic with probability p(topic | word, article), proportional to the topic's share of the article times
    the word's probability in the topic. The passage is the run of whole sentences of a paragraph, at most 360 characters unless one is longer, whose words
    have the largest sum of that probability times log(p(word | topic) / p(word)): words that are of the topic, and that tell it from others.
    `start, end`: its place in the text; `begin, finish`: with what stands around it; `n_words`: its counted words; `n_of_topic`: how many of these are
    expected to be of the topic.
    """
    place = {doc_id: row for row, doc_id in enumerate(words["doc_ids"].tolist())}
    shares = dict(zip(articles(counts).tolist(), article_shares(model, counts), strict=True))
    column = columns_of(words["names"], counts.terms)
    spans = words["spans"]
    telling = np.log(model.topic_term / (model.term_n / model.term_n.sum()))
    first = np.searchsorted(spans["doc"].to_numpy(), np.arange(len(place) + 1))
    start, term = spans["start"].to_numpy(), column[spans["name"].to_numpy()]
    rows = []
    for topic, doc_id in zip(wanted["topic"], wanted["doc_id"], strict=True):
        inside = slice(first[place[doc_id]], first[place[doc_id] + 1])
        known = term[inside] >= 0
        at, of = start[inside][known], term[inside][known]
        each = shares[doc_id][:, None] * model.topic_term[:, of]
        each = each[topic - 1] / each.sum(axis=0)
        rows.append(_best_passage(texts[doc_id], at, each, each * telling[topic - 1, of]))
    found = pd.DataFrame(rows, columns=["start", "end", "begin", "finish", "n_words", "n_of_topic"])
    return pd.concat([wanted.reset_index(drop=True), found], axis=1)


def _best_passage(
    text: str, at: np.ndarray, each: np.ndarray, worth: np.ndarray
) -> tuple[int, int, int, int, int, float]:
    """Where the passage stands, with what is around it, its words and how many are of the topic."""
    parts = sentences(text) or [(0, len(text))]
    edges = np.searchsorted(at, [low for low, _ in parts] + [len(text)])
    gained = np.concatenate([[0.0], np.cumsum(worth)])[edges]
    best, i, j = -np.inf, 0, 0
    for first, (low, _) in enumerate(parts):
        for last in range(first, len(parts)):
            high = parts[last][1]
            if last > first and (high - low > LONGEST or "\n" in text[parts[last - 1][1] : parts[last][0]]):
                break
            if gained[last + 1] - gained[first] > best:
                best, i, j = gained[last + 1] - gained[first], first, last
    low, high = parts[i][0], parts[j][1]
    begin = min((a for a, _ in parts[:i] if low - a <= AROUND), default=low)
    finish = max((b for _, b in parts[j + 1 :] if b - high <= AROUND), default=high)
    inside = slice(edges[i], edges[j + 1])
    return low, high, begin, finish, len(each[inside]), float(each[inside].sum())


# --- topics beside each other -----------------------------------------------------------------------------------------


def counterparts(
    shown: TopicModel, labels: Sequence[str], others: Mapping[tuple[str, int, int], TopicModel]
) -> pd.DataFrame:
    """What each topic is most like in other fits: one row per topic and fit; `others` are under kind, number of topics and seed.

    `similarity` as in `stability.similarity` (words and articles, 0 to 1), `topic_b` the most similar topic of the other fit (several topics may have
    the same one: no pairing; `mutual` where it has none more similar itself), `terms_b` its words. Under kind `same` stand the three nearest other
    topics of the fit itself, by words alone: 1 - the Jensen-Shannon divergence in bits (1: the same words, 0: no word in common).
    """
    rows = []
    own = 1 - divergences(shown, shown) / np.log(2)
    np.fill_diagonal(own, -1)
    for topic in range(shown.n_topics):
        nearest = np.argsort(-own[topic], kind="stable")[: min(3, shown.n_topics - 1)]
        fit = ("same", topic + 1, shown.n_topics, shown.seed)
        rows += [(*fit, other + 1, own[topic, other], False, labels[other]) for other in nearest]
    for (kind, n_topics, seed), model in others.items():
        alike = similarity(shown, model)
        leading, back = model.terms[top_terms(model, 5)], alike.argmax(axis=0)
        for topic, other in enumerate(alike.argmax(axis=1)):
            found = (kind, topic + 1, n_topics, seed, other + 1, alike[topic, other], back[other] == topic)
            rows.append((*found, ", ".join(leading[other])))
    columns = ["kind", "topic", "n_topics_b", "seed_b", "topic_b", "similarity", "mutual", "terms_b"]
    return pd.DataFrame(rows, columns=columns)


def positions(model: TopicModel) -> pd.DataFrame:
    """A place in the plane for each topic: `topic, x, y`, and `kept`, the part of the distances that the plane shows.

    Classical scaling (principal coordinates) of the square roots of the Jensen-Shannon divergences between the topics' words, as in
    Sievert & Shirley 2014 (LDAvis). Each axis points so that its largest value is positive.
    """
    n_topics = model.n_topics
    centre = np.eye(n_topics) - 1 / n_topics
    value, vector = np.linalg.eigh(-0.5 * centre @ divergences(model, model) @ centre)
    value, vector = value[::-1], vector[:, ::-1]
    place = np.zeros((n_topics, 2))
    n = min(2, n_topics)
    place[:, :n] = vector[:, :n] * np.sqrt(np.clip(value[:n], 0, None))
    place *= np.where(place[np.abs(place).argmax(axis=0), [0, 1]] < 0, -1, 1)
    kept = value[:2].clip(0).sum() / max(value.clip(0).sum(), 1e-12)
    return pd.DataFrame({"topic": np.arange(1, n_topics + 1), "x": place[:, 0], "y": place[:, 1], "kept": kept})


def map_terms(model: TopicModel) -> pd.DataFrame:
    """Words for a map: `topic, term, probability, overall` (share of all counted words); those that lead a topic at any relevance.

    The union of the 60 words of highest probability and of the 60 of highest lift that come five times or more in the topic.
    """
    overall = model.term_n / model.term_n.sum()
    enough = model.topic_term * model.topic_n[:, None] >= 5
    lift = np.where(enough, model.topic_term / overall, 0)
    rows = []
    for topic in range(model.n_topics):
        chosen = np.union1d(
            np.argsort(-model.topic_term[topic], kind="stable")[:MAPPED],
            np.argsort(-lift[topic], kind="stable")[:MAPPED],
        )
        rows += [(topic + 1, model.terms[t], model.topic_term[topic, t], overall[t]) for t in chosen]
    return pd.DataFrame(rows, columns=["topic", "term", "probability", "overall"])


def correlations(model: TopicModel, counts: Counts) -> pd.DataFrame:
    """Which topics go together: `topic_a, topic_b, r`, Pearson's correlation of their shares over the articles.

    Shares of an article add up to 1, so that without any bond r is about -1 / (n_topics - 1), not 0.
    """
    shares = article_shares(model, counts)
    spread = shares.std(axis=0)
    r = np.nan_to_num(np.cov(shares.T, bias=True) / np.where(np.outer(spread, spread) > 0, np.outer(spread, spread), 1))
    a, b = np.indices(r.shape)
    return pd.DataFrame({"topic_a": a.ravel() + 1, "topic_b": b.ravel() + 1, "r": np.clip(r.ravel(), -1, 1)})


# --- what would make a label wrong ------------------------------------------------------------------------------------


def everywhere(shares: np.ndarray) -> np.ndarray:
    """Which topics, columns of (n_articles, n_topics) `shares`, are in nearly every article: their median share is at least half their mean.

    A subject is in some articles and hardly in others, so that its median is a small part of its mean.

    >>> everywhere(np.array([[0.9, 0.1], [0.6, 0.4], [0.01, 0.99], [0.5, 0.5]])).tolist()
    [True, True]
    >>> everywhere(np.array([[0.3, 0.7], [0.3, 0.0], [0.4, 0.0], [0.2, 0.0]])).tolist()
    [True, False]
    """
    return np.median(shares, axis=0) >= shares.mean(axis=0) / 2


def doubts(model: TopicModel, counts: Counts, near: pd.DataFrame, sources: Mapping[str, str]) -> dict[int, list[str]]:
    """For each topic sentences on what would make its label wrong: what to look for in the articles.

    `near` are rows of `counterparts` of kind `same`; `sources` gives each article's source ("" where unknown).
    """
    shares, names = article_shares(model, counts), articles(counts)
    total = shares.sum(axis=0)
    source = pd.Series([sources.get(name, "") for name in names.tolist()])
    leading, top = top_terms(model, 20), top_terms(model, 10)
    common = everywhere(shares)
    said: dict[int, list[str]] = {}
    for topic in range(model.n_topics):
        lines = []
        if common[topic]:
            lines.append(
                f"It is in nearly every article (in half of them it is {100 * np.median(shares[:, topic]):.0f} % of the counted words or more): it may be "
                "the language that these articles share, not a subject."
            )
        other = near[near["topic"] == topic + 1].iloc[:1]
        for number, label in zip(other["topic_b"].tolist(), other["terms_b"].tolist(), strict=True):
            both = [w for w in model.terms[leading[topic]] if w in set(model.terms[leading[number - 1]])]
            if both:
                lines.append(
                    f"Topic {number} ({label}) leads with some of the same words ({', '.join(both[:5])}): "
                    "articles that speak of these alone may be of either."
                )
        share = np.sort(shares[:, topic])[::-1] / total[topic]
        few = int(np.searchsorted(np.cumsum(share), 0.5) + 1)
        if few <= max(3, 0.02 * len(names)):
            lines.append(
                f"Half of the topic stands in {few} of {len(names):,} articles: it may be what these tell, not a theme of the others."
            )
        by_source = pd.Series(shares[:, topic]).groupby(source).sum() / total[topic]
        by_source = by_source.drop("", errors="ignore")
        if len(by_source) > 1 and by_source.max() >= 0.6:
            all_of = float((source == by_source.idxmax()).mean())
            if by_source.max() > 1.3 * all_of:
                lines.append(
                    f"{100 * by_source.max():.0f} % of it stands in articles of {by_source.idxmax()} ({100 * all_of:.0f} % of all articles): "
                    "it may be that outlet's manner of writing."
                )
        best = np.argsort(-shares[:, topic], kind="stable")[:TYPICAL]
        there = _appearing(counts, names[best], top[topic][:3])
        absent = [w for w, n in zip(model.terms[top[topic][:3]], there, strict=True) if n <= len(best) // 2]
        if absent:
            lines.append(
                f"Its leading word{'s' * (len(absent) > 1)} {', '.join(absent)} stand{'s' * (len(absent) == 1)} in at most half of its {len(best)} most typical articles."
            )
        said[topic + 1] = lines
    return said


def _appearing(counts: Counts, doc_ids: np.ndarray, terms: np.ndarray) -> np.ndarray:
    """In how many of the articles each term stands."""
    docs = np.searchsorted(counts.doc_ids, doc_ids)
    units = np.flatnonzero(np.isin(counts.unit_doc, docs))
    cells = counts.matrix[units][:, terms].toarray() > 0
    return np.array([len(np.unique(counts.unit_doc[units][cells[:, i]])) for i in range(len(terms))])


# --- few articles: reading groups -------------------------------------------------------------------------------------


def reading_groups(model: TopicModel, counts: Counts, words: Mapping[str, Any]) -> pd.DataFrame:
    """The paragraphs of few articles with the group each is most of: `doc_id, paragraph, start, end, topic, n_words`.

    `start` and `end` are the first and last counted word's place in the article.
    """
    spans = words["spans"]
    kept = spans[columns_of(words["names"], counts.terms)[spans["name"].to_numpy()] >= 0]
    found = kept.groupby(["doc", "paragraph"], sort=True).agg(
        start=("start", "min"), end=("end", "max"), n_words=("name", "size")
    )
    table = found.reset_index()
    table["topic"] = model.doc_topic.argmax(axis=1) + 1
    table["sure"] = model.doc_topic.max(axis=1)
    table["doc_id"] = words["doc_ids"][table["doc"]]
    return table[["doc_id", "paragraph", "start", "end", "topic", "n_words", "sure"]]


def say_groups(groups: pd.DataFrame) -> str:
    """Whether groups of paragraphs find more than the articles again, in words.

    Counted are the paragraphs that stand in the group in which most of their article stands; compared with the same after dealing the groups
    out to the paragraphs at random.
    """
    codes = pd.factorize(groups["doc_id"])[0]
    topic = groups["topic"].to_numpy()
    rng = np.random.default_rng(7)
    found = _at_home(codes, topic)
    dealt = np.array([_at_home(codes, rng.permutation(topic)) for _ in range(DEALT)])
    n, usual, most = len(groups), int(np.median(dealt)), int(np.quantile(dealt, 0.95))
    start = f"{found} of {n} paragraphs stand in the group that most of their article stands in"
    if found >= 0.8 * n and found > most:
        return f"{start} (dealt out at random it would be about {usual}): the groups mostly find the articles again."
    if found > most:
        return f"{start} (dealt out at random: about {usual}): the groups follow the articles in part, and in part cut across them."
    return f"{start}, no more than if dealt out at random (about {usual}): the groups cut across the articles."


def _at_home(codes: np.ndarray, topic: np.ndarray) -> int:
    table = np.zeros((codes.max() + 1, topic.max() + 1), int)
    np.add.at(table, (codes, topic), 1)
    return int(table.max(axis=1).sum())


def seed_shares(matches: pd.DataFrame, runs: Mapping[int, TopicModel], counts: Counts) -> pd.DataFrame:
    """The share of the articles of each topic's pair in each other run: `topic, seed, share`."""
    pairs = matches[["topic_a", "seed_b", "topic_b"]]
    means = {seed: article_shares(model, counts).mean(axis=0) for seed, model in runs.items()}
    share = [
        float(means[seed][topic - 1])
        for seed, topic in zip(pairs["seed_b"].tolist(), pairs["topic_b"].tolist(), strict=True)
    ]
    return pd.DataFrame({"topic": pairs["topic_a"], "seed": pairs["seed_b"], "share": share})


def matched_shares(
    matches: pd.DataFrame, others: Mapping[int, TopicModel], counts: Counts, n_topics: int
) -> dict[int, np.ndarray]:
    """Each other run's shares of the articles, its topics in the order of those they match; missing where none does."""
    found = {}
    for seed, model in others.items():
        pairs, other = matches[matches["seed_b"] == seed], article_shares(model, counts)
        found[seed] = np.full((len(other), n_topics), np.nan)
        found[seed][:, pairs["topic_a"].to_numpy() - 1] = other[:, pairs["topic_b"].to_numpy() - 1]
    return found
