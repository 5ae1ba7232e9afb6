"""Names, groups, merges and marks that people give to topics, which follow their topic from run to run.

`labels.yml` is a list under `topics`. An entry says which topic it means by terms that lead it, never by its number, for
numbers change from run to run:

    topics:
      - terms: [bus, tram, road, driver, fare]
        name: Getting about
        group: City
        reason: read the ten leading articles
      - terms: [said, told, monday, interview]
        junk: true
        reason: words of reporting, no theme

Entries of one name, all with `merge: true`, are one topic in all that is reported. `n_topics` binds an entry to one topic count.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse as sp

from topics.models.lda import TopicModel, share_draws, top_terms
from topics.models.stability import match
from topics.tables import UserError, nearest, read_yaml
from topics.words.counts import Counts

KEYS = ("terms", "n_topics", "name", "group", "merge", "junk", "reason")
LEAST = 0.5  # of an entry's terms, weighted by rank, that a topic must have among its leading terms


@dataclass(frozen=True)
class Label:
    """One entry of a labels file."""

    terms: tuple[str, ...]
    n_topics: int | None = None
    name: str = ""
    group: str = ""
    merge: bool = False
    junk: bool = False
    reason: str = ""


def read_labels(path: Path) -> list[Label]:
    """The labels of a file, none where it is not there. Raises `UserError` with all problems of the file on one line."""
    if not path.exists():
        return []
    given = read_yaml(path, "labels") or {}
    given = {"topics": []} if given == {"topics": None} else given
    for key in given if isinstance(given, dict) else ():
        if key != "topics":
            raise UserError(f"{path.name}: unknown {key!r} (allowed: topics).{nearest(str(key), ['topics'])}")
    entries = given.get("topics", []) if isinstance(given, dict) else None
    if not isinstance(entries, list):
        raise UserError(
            f"{path.name}: must have the line `topics:` and below it a list of entries, each beginning with `-`."
        )
    problems = [said for i, entry in enumerate(entries, 1) for said in _problems(entry, i)]
    problems += [] if problems else _same_names(entries)
    if problems:
        raise UserError(f"{path.name}: " + "; ".join(problems) + ".")
    return [Label(**{**entry, "terms": tuple(str(term) for term in entry["terms"])}) for entry in entries]


def _problems(entry: Any, number: int) -> list[str]:
    if not isinstance(entry, dict):
        return [f"entry {number} must have terms and a name"]
    allowed = ", ".join(KEYS)
    said = [
        f"entry {number} has unknown {key!r} (allowed: {allowed}){nearest(str(key), KEYS)}"
        for key in entry
        if key not in KEYS
    ]
    terms = entry.get("terms")
    if not isinstance(terms, list) or len(terms) < 3:
        said.append(f"entry {number} must have three terms or more that lead its topic. Got {terms!r}")
    elif not all(isinstance(term, str) for term in terms):
        wrong = next(term for term in terms if not isinstance(term, str))
        said.append(f"entry {number}: terms must be words; put {wrong!r} in quotes as it stands in the list")
    elif not all(term.strip() for term in terms) or len(set(terms)) < len(terms):
        said.append(f"entry {number}: terms must be words, each once. Got {terms!r}")
    if not said and not any(entry.get(key) for key in ("name", "group", "merge", "junk")):
        said.append(f"entry {number} must have a name, a group or `junk: true`: it says nothing of its topic")
    if entry.get("merge") and not entry.get("name"):
        said.append(f"entry {number} is to be merged and must have the name that it shares")
    count = entry.get("n_topics")
    if count is not None and (type(count) is not int or not 2 <= count <= 1000):
        said.append(f"entry {number}: n_topics must be a whole number of 2 to 1,000. Got {count!r}")
    kinds = {"name": str, "group": str, "reason": str, "merge": bool, "junk": bool}
    said += [
        f"entry {number}: {key} must be {'text' if kind is str else 'true or false'}. Got {entry[key]!r}"
        for key, kind in kinds.items()
        if key in entry and not isinstance(entry[key], kind)
    ]
    if entry.get("junk") and not entry.get("reason"):
        said.append(f"entry {number} marks a topic as junk and must give its reason")
    return said


def _same_names(entries: list[Any]) -> list[str]:
    """Entries of one name that could stand at one topic count and are not all to be merged."""
    first: dict[tuple[Any, Any], int] = {}
    said = []
    for i, entry in enumerate(entries, 1):
        before = first.setdefault((entry.get("name") or i, entry.get("n_topics")), i)
        if before != i and not (entry.get("merge") and entries[before - 1].get("merge")):
            said.append(
                f"entries {before} and {i} have one name; `merge: true` in both makes their topics one, else name them apart"
            )
    return said


def find_topics(labels: list[Label], model: TopicModel) -> pd.DataFrame:
    """Which topic each label is of: one row per label that applies to this count, in the order of the file.

    Columns: those of an entry, and `topic` (0: none) and `fit`, the share of the label's terms, the first ones weighing more, that are among
    the topic's twenty leading terms. The pairing has the largest sum; a label has one topic, a topic one label, and none a fit below half.
    """
    wanted = [label for label in labels if label.n_topics in (None, model.n_topics)]
    fits = np.array([_fits(label, model) for label in wanted]).reshape(len(wanted), model.n_topics)
    pairs = match(np.where(fits >= LEAST, fits, 0), LEAST)  # one that fits none must not keep another from its topic
    table = pd.DataFrame([asdict(label) for label in wanted], columns=KEYS).astype({"merge": bool, "junk": bool})
    fit = np.where(pairs >= 0, fits[np.arange(len(wanted)), pairs], fits.max(axis=1, initial=0))
    return table.assign(terms=table["terms"].map(", ".join), topic=pairs + 1, fit=fit)


def _fits(label: Label, model: TopicModel) -> np.ndarray:
    """The weighted share of the label's terms among the twenty leading terms of each topic."""
    weight = 1 / np.arange(1, len(label.terms) + 1)
    leading = model.terms[top_terms(model, 20)]
    found = np.array([[term in row for term in label.terms] for row in leading.tolist()])
    return found @ weight / weight.sum()


def joined(found: pd.DataFrame, n_topics: int) -> np.ndarray:
    """For each topic of a fit the first of those that labels of one name make one with it: codes from 0 for `merge_topics`."""
    codes = np.arange(n_topics)
    placed = found[found["merge"] & (found["topic"] > 0)]
    for _, rows in placed.groupby("name"):
        codes[rows["topic"] - 1] = rows["topic"].min() - 1
    return codes


def joined_like(codes: np.ndarray, pairs: np.ndarray, n_topics: int) -> np.ndarray:
    """The codes of another fit: its topics are one where those that they pair with are (`pairs`: for each topic of the first its pair, or -1)."""
    other = np.arange(n_topics)
    for code in np.unique(codes):
        members = pairs[(codes == code) & (pairs >= 0)]
        other[members] = members.min(initial=n_topics)
    return other


def merge_topics(model: TopicModel, codes: np.ndarray, share: np.ndarray) -> tuple[TopicModel, np.ndarray]:
    """The fit with all topics of one code as one, and for each topic of before its number now (from 1, the largest `share` first).

    Shares, pseudo-counts of the prior and, in every draw, the tokens of a unit add up: a sum of parts of a Dirichlet is Dirichlet, so that draws of a
    merged topic are joint draws of its parts. Terms are mixed by the topics' tokens.
    """
    kept, code = np.unique(codes, return_inverse=True)
    if len(kept) == model.n_topics:
        return model, np.arange(1, model.n_topics + 1)
    order = np.argsort(-np.bincount(code, share), kind="stable")
    number = np.argsort(order)[code]
    adds = np.zeros((model.n_topics, len(kept)))
    adds[np.arange(model.n_topics), number] = 1
    topic_n = model.topic_n @ adds
    by_draw = sp.kron(sp.eye(len(model.draws_doc)), adds.T, format="csr")
    merged = replace(
        model,
        doc_topic=model.doc_topic @ adds,
        topic_term=(adds.T * model.topic_n) @ model.topic_term / topic_n[:, None],
        alpha=model.alpha @ adds,
        topic_n=topic_n,
        draws_doc=(model.draws_doc @ adds).astype(model.draws_doc.dtype),
        draws_term=(by_draw @ model.draws_term).astype(model.draws_term.dtype)
        if len(model.draws_doc)
        else model.draws_term,
    )
    return merged, number + 1


def label_topics(topics: pd.DataFrame, found: pd.DataFrame, number: np.ndarray, parts: list[str]) -> pd.DataFrame:
    """TOPICS with `label`, `group`, `junk`, `reason`, `label_fit`, and `merged`: what a merged topic is made of.

    `found` is of `find_topics` and `number` of `merge_topics`; `parts` names the topics of before the merge.
    """
    placed = found[found["topic"] > 0]
    by_hand = (
        placed.assign(topic=number[placed["topic"] - 1])
        .groupby("topic")
        .agg(name=("name", "first"), group=("group", _together), junk=("junk", "any"), reason=("reason", _together), label_fit=("fit", "min"))
    )  # fmt: skip
    table = topics.join(by_hand.astype({"label_fit": float}), on="topic").fillna(
        {"name": "", "group": "", "reason": ""}
    )
    table["junk"] = table["junk"].eq(True)
    table["label"] = table["label"].where(table["name"] == "", table.pop("name"))
    made_of = {topic: "; ".join(parts[i] for i in np.flatnonzero(number == topic)) for topic in number.tolist()}
    several = np.bincount(number) > 1
    table["merged"] = [made_of[topic] if several[topic] else "" for topic in table["topic"]]
    return table


def _together(said: pd.Series) -> str:
    return "; ".join(dict.fromkeys(filter(None, said)))


def group_shares(topics: pd.DataFrame, model: TopicModel, counts: Counts) -> pd.DataFrame:
    """The share of each group of topics with a 95 % interval from joint draws: `group, topics, share, share_low, share_high`.

    `topics` is of `label_topics`, `model` the fit that it lists.
    """
    grouped, rows = topics[topics["group"] != ""], []
    draws = share_draws(model, counts)[:, 0] if len(grouped) else np.empty(0)
    for group, mine in grouped.groupby("group"):
        ends = np.quantile(draws[:, mine["topic"] - 1].sum(axis=1), [0.025, 0.975]) if len(draws) else [np.nan, np.nan]
        rows.append((group, ", ".join(map(str, mine["topic"])), mine["share"].sum(), *ends))
    table = pd.DataFrame(rows, columns=["group", "topics", "share", "share_low", "share_high"])
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)
