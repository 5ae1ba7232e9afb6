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

Entries of one name, all with `merge: true`, are one topic in what is reported. `n_topics` binds an entry to one topic count.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from topics.models.lda import TopicModel
from topics.models.stability import match
from topics.tables import UserError

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
    try:
        given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except (yaml.YAMLError, UnicodeDecodeError) as problem:
        raise UserError(f"{path.name} is not readable YAML: {' '.join(str(problem).split())}") from None
    entries = given.get("topics", []) if isinstance(given, dict) else None
    if not isinstance(entries, list):
        raise UserError(f"{path.name}: must have `topics:` with a list of entries.")
    problems = [said for i, entry in enumerate(entries, 1) for said in _problems(entry, i)]
    if problems:
        raise UserError(f"{path.name}: " + "; ".join(problems) + ".")
    return [Label(**{**entry, "terms": tuple(str(term) for term in entry["terms"])}) for entry in entries]


def _problems(entry: Any, number: int) -> list[str]:
    if not isinstance(entry, dict):
        return [f"entry {number} must have terms and a name"]
    said = [f"entry {number} has unknown {key!r} (allowed: {', '.join(KEYS)})" for key in entry if key not in KEYS]
    terms = entry.get("terms")
    if not isinstance(terms, list) or len(terms) < 3:
        said.append(f"entry {number} must have three terms or more that lead its topic. Got {terms!r}")
    elif not all(isinstance(term, str) for term in terms):
        wrong = next(term for term in terms if not isinstance(term, str))
        said.append(f"entry {number}: terms must be words; put {wrong!r} in quotes as it stands in the list")
    if entry.get("merge") and not entry.get("name"):
        said.append(f"entry {number} is to be merged and must have the name that it shares")
    kinds = {"name": str, "group": str, "reason": str, "merge": bool, "junk": bool, "n_topics": int}
    said += [
        f"entry {number}: {key} must be {kind.__name__}. Got {entry[key]!r}"
        for key, kind in kinds.items()
        if key in entry and not isinstance(entry[key], kind)
    ]
    if entry.get("junk") and not entry.get("reason"):
        said.append(f"entry {number} marks a topic as junk and must give its reason")
    return said


def label_topics(topics: pd.DataFrame, labels: list[Label], model: TopicModel) -> tuple[pd.DataFrame, pd.DataFrame]:
    """TOPICS with `label`, `group`, `junk` and `reason` from the labels, and a table of labels that fitted no topic.

    A label goes to the topic that has the largest share of its terms, the first ones weighing more, among its own twenty
    leading terms; one label to a topic and one topic to a label, and none below half.
    """
    wanted = [label for label in labels if label.n_topics in (None, model.n_topics)]
    table = topics.assign(group="", junk=False, merged="", reason="", label_fit=np.nan)
    fits = np.array([_fits(label, model) for label in wanted]).reshape(len(wanted), model.n_topics)
    pairs = match(fits, LEAST)
    for row in np.flatnonzero(pairs >= 0):
        _apply(table, int(pairs[row]), wanted[row], float(fits[row, pairs[row]]))
    lost = np.flatnonzero(pairs < 0)
    left = [{"name": wanted[i].name, "terms": ", ".join(wanted[i].terms), "best": float(fits[i].max())} for i in lost]
    return table, pd.DataFrame(left, columns=["name", "terms", "best"])


def skeleton(topics: pd.DataFrame) -> str:
    """A labels file for these TOPICS, to fill in: every topic with its terms and an empty name."""
    entries = [{"terms": terms.split(", "), "name": ""} for terms in topics["terms"]]
    return yaml.safe_dump({"topics": entries}, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)


def merge_shares(doc_topics: pd.DataFrame, topics: pd.DataFrame) -> pd.DataFrame:
    """DOC_TOPICS with the shares of merged topics added up, under the number of the first: one row per article and topic left."""
    first = topics.groupby("merged")["topic"].transform("min").where(topics["merged"] != "", topics["topic"])
    number = dict(zip(topics["topic"], first, strict=True))
    summed = doc_topics.assign(topic=doc_topics["topic"].map(number))
    return summed.groupby(["n_topics", "doc_id", "topic"], sort=False)["share"].sum().reset_index()


def _fits(label: Label, model: TopicModel) -> np.ndarray:
    """The weighted share of the label's terms among the twenty leading terms of each topic."""
    weight = 1 / np.arange(1, len(label.terms) + 1)
    leading = model.terms[np.argsort(-model.topic_term, axis=1, kind="stable")[:, :20]]
    found = np.array([[term in row for term in label.terms] for row in leading.tolist()])
    return found @ weight / weight.sum()


def _apply(table: pd.DataFrame, topic: int, label: Label, fits: float) -> None:
    if label.name:
        table.loc[topic, "label"] = label.name
    table.loc[topic, ["group", "reason"]] = [label.group, label.reason]
    table.loc[topic, "junk"] = label.junk
    table.loc[topic, "merged"] = label.name if label.merge else ""
    table.loc[topic, "label_fit"] = fits
