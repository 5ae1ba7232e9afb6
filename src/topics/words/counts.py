"""From texts to counts: everything in place, what is learned from the articles, and one sparse matrix in canonical order.

`read_words` places words and concepts, by rules alone. `learn_vocabulary` learns phrases, names and which are terms, from
all articles or some. `place` applies a vocabulary to any articles; `count` counts. `prepare` is the four in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from topics import tables
from topics.tables import UserError
from topics.tokens import token_table
from topics.words.concepts import find, patterns, plain
from topics.words.leftout import REASONS, leftout_patterns, stop_list
from topics.words.lemmas import form_table, in_capitals, lemmas_known
from topics.words.phrases import CONNECTORS, SCORINGS, Stream, apply_phrases, learn_phrases


@dataclass(frozen=True)
class Counts:
    """How often each term stands in each unit of analysis, an article or a paragraph of one.

    `doc_ids`: (n_articles,) str, sorted: all articles, also those left without terms. `terms`: (n_terms,) str, sorted.
    `matrix`: (n_units, n_terms) int32 CSR, indices sorted, no zeros kept. `unit_doc`: (n_units,) int32, the article
    of each unit as a position in `doc_ids`, not decreasing; `arange` where the unit is the article. `unit`:
    "article" or "paragraph"; an article without terms is a row without entries, a paragraph without terms is no row.
    """

    doc_ids: np.ndarray
    terms: np.ndarray
    matrix: sparse.csr_matrix
    unit_doc: np.ndarray
    unit: str = "article"


def count(spans: pd.DataFrame, names: pd.DataFrame, doc_ids: np.ndarray, unit: str = "article") -> Counts:
    """Counts of the names that are terms (`reason` empty) over the spans where they stand.

    >>> names = pd.DataFrame({"name": ["b", "the", "a"], "reason": ["", "stop word", ""]})
    >>> spans = pd.DataFrame({"doc": [0, 0, 2, 2], "paragraph": [0, 1, 0, 0], "name": [0, 1, 2, 2]})
    >>> counts = count(spans, names, np.array(["x", "y", "z"]))
    >>> counts.terms.tolist(), counts.matrix.toarray().tolist()
    (['a', 'b'], [[0, 1], [0, 0], [2, 0]])
    """
    kept = np.flatnonzero((names["reason"] == "").to_numpy())
    terms = names["name"].to_numpy(dtype=object)[kept].astype(str)
    order = np.argsort(terms, kind="stable")
    column = np.full(len(names) + 1, -1, np.int64)  # the last place is that of name -1: outside the vocabulary
    column[kept[order]] = np.arange(len(kept))
    term = column[spans["name"].to_numpy()]
    inside = term >= 0
    doc, term = spans["doc"].to_numpy()[inside].astype(np.int64), term[inside]
    if unit == "paragraph":
        paragraph = spans["paragraph"].to_numpy()[inside].astype(np.int64)
        units, row = np.unique(doc << 32 | paragraph, return_inverse=True)
        unit_doc = (units >> 32).astype(np.int32)
    else:
        row, unit_doc = doc, np.arange(len(doc_ids), dtype=np.int32)
    shape = (len(unit_doc), len(kept))
    matrix = sparse.coo_matrix((np.ones(len(row), np.int32), (row, term)), shape).tocsr()
    matrix.sort_indices()
    return Counts(np.asarray(doc_ids, dtype=str), terms[order], matrix, unit_doc, unit)


UNITS = ("article", "paragraph")


def prepare(
    articles: pd.DataFrame,
    *,
    language: str = "en",
    concepts: pd.DataFrame | None = None,
    lemmas: bool = True,
    exceptions: Iterable[str] = (),
    stop_words: Iterable[str] = (),
    remove: Iterable[str] = ("calendar", "outlet", "boilerplate"),
    phrases: str = "npmi",
    phrase_threshold: float | None = None,
    phrase_min_count: int = 5,
    phrase_max_words: int = 4,
    min_docs: int | None = None,
    max_share: float | None = None,
    unit: str = "article",
    map: Callable[..., Iterable[Any]] = map,
) -> dict[str, Any]:
    """Everything that this room makes of ARTICLES (`doc_id`, `text`, `source` are read), for the store and the rooms after.

    `counts`: Counts. `terms`: TERMS, by count. `dropped`: DROPPED, one row a name that is no term. `tokens`, `forms`: every
    word, as `tokens.token_table` gives them, with the key of each form. `units`: words and concepts in place.
    `names`, `spans`: what is counted, and where each stands. `phrases`: what was learned. `notes`: sentences for a report.
    """
    words = read_words(
        articles, language=language, concepts=concepts, lemmas=lemmas, exceptions=exceptions, stop_words=stop_words,
        remove=remove, map=map,
    )  # fmt: skip
    vocabulary = learn_vocabulary(
        words, phrases=phrases, phrase_threshold=phrase_threshold, phrase_min_count=phrase_min_count,
        phrase_max_words=phrase_max_words, min_docs=min_docs, max_share=max_share,
    )  # fmt: skip
    spans = place(words, vocabulary)
    names = vocabulary["names"]
    return {
        **words,
        **vocabulary,
        "spans": spans,
        "counts": count(spans, names, words["doc_ids"], unit),
        "terms": terms_of(names),
        "dropped": pd.concat([dropped_names(names), words["dropped_matches"]], ignore_index=True),
        "notes": words["notes"] + vocabulary["notes"],
    }


def read_words(
    articles: pd.DataFrame,
    *,
    language: str = "en",
    concepts: pd.DataFrame | None = None,
    lemmas: bool = True,
    exceptions: Iterable[str] = (),
    stop_words: Iterable[str] = (),
    remove: Iterable[str] = ("calendar", "outlet", "boilerplate"),
    map: Callable[..., Iterable[Any]] = map,
) -> dict[str, Any]:
    """Words and concepts in their places, by rules that do not depend on the other articles.

    `keys`: one row a thing that stands in the text, `key, kind, reason` (why it is left out, or ""). `units`: one row a
    place, `key` (row of `keys`), `first` (row of `tokens`), `n_tokens`; `calm`: the unit's capitals are those of its sentence.
    """
    articles = articles.sort_values("doc_id", kind="stable")
    tokens, written = token_table(articles["text"].tolist(), map=map)
    packaged, note = stop_list(language)
    stop = packaged | {plain(word).lower() for word in stop_words}
    single = [word for word in exceptions if " " not in word.strip()]
    forms = form_table(written, language=language, lemmas=lemmas, exceptions=single, stop_words=stop)
    ways = [table for table in (concepts,) if table is not None]
    ways += [patterns({word: [] for word in exceptions if " " in word.strip()}, "phrase")]
    ways += [leftout_patterns(language, remove, articles["source"].dropna().unique() if "source" in articles else ())]
    ways = pd.concat(ways, ignore_index=True)
    matches, overlaps = find(tokens, written, ways)
    keys, units = _units(tokens, forms, ways, matches, stop)
    notes = [note] + ([] if not lemmas or lemmas_known(language) else [f"Words of the language {language!r} have no lemmas."])
    lost = [
        ("words", "place of a concept", row.name_, f"overlaps with {row.lost_to!r}, which is longer", row.n)
        for row in overlaps.rename(columns={"name": "name_"}).itertuples()
    ]
    return {
        "doc_ids": articles["doc_id"].to_numpy(dtype=str),
        "tokens": tokens,
        "forms": forms,
        "keys": keys,
        "units": units,
        "connectors": CONNECTORS.get(language, "").split(),
        "dropped_matches": tables.dropped(lost),
        "notes": notes,
    }


def _units(
    tokens: pd.DataFrame, forms: pd.DataFrame, ways: pd.DataFrame, matches: pd.DataFrame, stop: frozenset[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keys and units: matches first, then every token that is in none."""
    named = ways[["name", "kind"]].drop_duplicates(ignore_index=True).rename(columns={"name": "key"})
    way_key = ways[["name", "kind"]].merge(named.reset_index(), left_on=["name", "kind"], right_on=["key", "kind"])["index"]
    named["reason"] = named["kind"].map(REASONS).fillna("")
    distinct = pd.concat([forms[["key", "reason"]], forms[["calm", "reason"]].rename(columns={"calm": "key"})])
    lowered = (forms["key"] != forms["calm"]).to_numpy()
    distinct.iloc[len(forms) :, 1] = np.where(lowered, "stop word", forms["reason"])
    distinct = distinct.drop_duplicates("key").sort_values("key", ignore_index=True).assign(kind="word")
    keys = pd.concat([named, distinct], ignore_index=True)[["key", "kind", "reason"]]
    number = pd.Series(np.arange(len(named), len(keys), dtype=np.int32), index=distinct["key"])

    form = tokens["form"].to_numpy()
    key = number[forms["key"]].to_numpy()[form]
    calm = np.zeros(len(form), bool)
    if lowered.any():
        odd = np.flatnonzero(lowered[form])
        sentence = tokens["doc"].to_numpy().astype(np.int64) << 32 | tokens["sentence"].to_numpy()
        loud = in_capitals(forms["form"].tolist(), form, np.unique(sentence, return_inverse=True)[1])
        calm[odd] = loud[odd]
        key = np.where(calm, number[forms["calm"]].to_numpy()[form], key)
    first, n_tokens = matches["first"].to_numpy(), matches["n_tokens"].to_numpy()
    key[first] = way_key.to_numpy(np.int32)[matches["pattern"].to_numpy()]
    length = np.ones(len(form), np.int32)
    length[first] = n_tokens
    depth = np.zeros(len(form) + 1, np.int32)
    np.add.at(depth, first + 1, 1)
    np.add.at(depth, first + n_tokens, -1)
    kept = np.cumsum(depth[:-1]) == 0
    units = {"key": key, "first": np.arange(len(form), dtype=np.int32), "n_tokens": length, "calm": calm}
    return keys, pd.DataFrame({name: values[kept] for name, values in units.items()})


def learn_vocabulary(
    words: Mapping[str, Any],
    *,
    docs: np.ndarray | None = None,
    phrases: str = "npmi",
    phrase_threshold: float | None = None,
    phrase_min_count: int = 5,
    phrase_max_words: int = 4,
    min_docs: int | None = None,
    max_share: float | None = None,
) -> dict[str, Any]:
    """What is learned from the articles `docs` (positions in `doc_ids`; all where None): phrases, and which names are terms.

    `names`: one row a word, phrase or concept that stands in them: `name` (as most often written), `key`, `kind`,
    `reason` (why it is no term, or ""), `n`, `n_docs`. `phrases`: "npmi", "default" or "none"; the threshold is .5 or 10
    where not given. A term stands in `min_docs` articles or more and in at most `max_share` of them. Where not given,
    `min_docs` is 1 under 10 articles, 2 under 100, 3 under 1,000, else 5; `max_share` is 1 under 20 articles, else .5.
    """
    if phrases not in (*SCORINGS, "none"):
        raise UserError(f"phrases must be npmi, default or none. Got {phrases!r}.")
    stream, keys = _stream(words, docs), words["keys"]["key"].tolist()
    n_articles = len(words["doc_ids"]) if docs is None else len(docs)
    min_docs = _by_size(n_articles, {10: 1, 100: 2, 1000: 3}, 5) if min_docs is None else min_docs
    max_share = _by_size(n_articles, {20: 1.0}, 0.5) if max_share is None else max_share
    learned = _no_phrases()
    if phrases != "none":
        threshold = {"npmi": 0.5, "default": 10.0}[phrases] if phrase_threshold is None else phrase_threshold
        learned = learn_phrases(
            stream, keys, scoring=phrases, threshold=threshold, min_count=phrase_min_count, min_docs=min_docs,
            max_words=phrase_max_words,
        )  # fmt: skip
    stream, keys = apply_phrases(stream, keys, learned)
    names = _names(words, stream, keys)
    few, many = names["n_docs"] < min_docs, names["n_docs"] > max_share * n_articles
    word = names["reason"] == ""
    names.loc[word & few, "reason"] = f"in fewer than {min_docs} articles"
    names.loc[word & many, "reason"] = f"in more than {max_share:.0%} of the articles"
    note = f"Terms stand in at least {min_docs} and at most {max_share:.0%} of {n_articles} articles."
    return {"names": names, "phrases": learned, "notes": [note]}


def _by_size(n: int, values: Mapping[int, Any], largest: Any) -> Any:
    return next((value for below, value in values.items() if n < below), largest)


def _no_phrases() -> pd.DataFrame:
    columns = ["level", "left", "between", "right", "phrase", "n", "n_docs", "score"]
    return pd.DataFrame({column: [] for column in columns})


def _stream(words: Mapping[str, Any], docs: np.ndarray | None = None) -> Stream:
    """The units of the articles `docs` as a stream: words may join to phrases, small words inside them."""
    units, tokens, keys = words["units"], words["tokens"], words["keys"]
    first = units["first"].to_numpy()
    code, doc = units["key"].to_numpy(), tokens["doc"].to_numpy()[first]
    version = keys["key"].str.fullmatch(r"\d{1,2}\.\d")
    is_edge = ((keys["kind"] == "word") & ((keys["reason"] == "") | version)).to_numpy()
    is_connector = ((keys["kind"] == "word") & (keys["reason"] == "stop word") & keys["key"].isin(words["connectors"])).to_numpy()
    edge, barrier = is_edge[code], ~(is_edge | is_connector)[code]
    begins = ~tokens["joined"].to_numpy()[first] | barrier
    begins[1:] |= barrier[:-1]
    segment = np.where(barrier, -1, np.cumsum(begins))
    stream = Stream(code, first, units["n_tokens"].to_numpy(), doc, edge, segment)
    if docs is None:
        return stream
    inside = np.isin(doc, docs)
    return Stream(*(getattr(stream, field)[inside] for field in Stream.__dataclass_fields__))


def _names(words: Mapping[str, Any], stream: Stream, keys: list[str]) -> pd.DataFrame:
    """One row a key that stands in the stream, as it is most often written, with its counts; sorted by name and kind."""
    known = words["keys"]
    n_phrases = len(keys) - len(known)
    kind = np.append(known["kind"].to_numpy(dtype=object), ["phrase"] * n_phrases)
    reason = np.append(known["reason"].to_numpy(dtype=object), [""] * n_phrases)
    n = np.bincount(stream.code, minlength=len(keys))
    n_docs = np.bincount(
        np.unique(stream.code.astype(np.int64) << 32 | stream.doc) >> 32, minlength=len(keys)
    )
    there = np.flatnonzero(n)
    shown = _shown(words, stream, keys)
    names = pd.DataFrame(
        {
            "name": [shown.get(code, keys[code]) for code in there.tolist()],
            "key": [keys[code] for code in there.tolist()],
            "kind": kind[there],
            "reason": reason[there],
            "n": n[there],
            "n_docs": n_docs[there],
        }
    )
    twice = names["name"].duplicated(keep=False) & ~names["kind"].isin(["concept"])
    names.loc[twice, "name"] = names["name"] + " (" + names["key"] + ", " + names["kind"] + ")"
    return names.sort_values(["name", "kind", "key"], ignore_index=True)


def _shown(words: Mapping[str, Any], stream: Stream, keys: list[str]) -> dict[int, str]:
    """How each word and phrase is most often written; of two ways as frequent, the first in sorted order."""
    form = words["tokens"]["form"].to_numpy()
    written = words["forms"]["form"].tolist()
    n_named = int((words["keys"]["kind"] != "word").sum())
    shown: dict[int, str] = {}
    for length in range(1, int(stream.n_tokens.max(initial=0)) + 1):
        here = (stream.n_tokens == length) & (stream.code >= n_named)
        code, first = stream.code[here].astype(np.int64), stream.first[here]
        way = code
        for step in range(length):
            way = np.unique(way * len(written) + form[first + step], return_inverse=True)[1]
        _, place, n = np.unique(way, return_index=True, return_counts=True)
        order = np.lexsort((place, -n, code[place]))
        best = order[np.r_[True, np.diff(code[place][order]) > 0]] if len(order) else order
        for i in place[best].tolist():
            shown[int(code[i])] = " ".join(plain(written[f]) for f in form[first[i] : first[i] + length])
    return shown


def place(words: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> pd.DataFrame:
    """Where every word, phrase and concept stands: one row a place, in order of article and place.

    Columns, all int32: `doc, paragraph, start, end` (as in TOKENS) and `name` (row of the vocabulary's `names`; -1 where the
    vocabulary lacks it).
    """
    stream, keys = apply_phrases(_stream(words), words["keys"]["key"].tolist(), vocabulary["phrases"])
    names, kinds = vocabulary["names"], words["keys"]["kind"].tolist()
    row = {(key, kind): number for number, (key, kind) in enumerate(zip(names["key"], names["kind"], strict=True))}
    kinds += ["phrase"] * (len(keys) - len(kinds))
    name = np.array([row.get(pair, -1) for pair in zip(keys, kinds, strict=True)], np.int32)
    tokens = words["tokens"]
    last = stream.first + stream.n_tokens - 1
    return pd.DataFrame(
        {
            "doc": stream.doc,
            "paragraph": tokens["paragraph"].to_numpy()[stream.first],
            "start": tokens["start"].to_numpy()[stream.first],
            "end": tokens["end"].to_numpy()[last],
            "name": name[stream.code],
        }
    )


def terms_of(names: pd.DataFrame) -> pd.DataFrame:
    """TERMS: the names that are counted, the most frequent first."""
    terms = names[names["reason"] == ""].rename(columns={"name": "term"})
    return tables.conform(terms.sort_values(["n", "term"], ascending=[False, True])[["term", "n", "n_docs", "kind"]], "terms")


def dropped_names(names: pd.DataFrame) -> pd.DataFrame:
    """DROPPED: the names that are not counted, with the reason and how often each stands in the articles."""
    left = names[names["reason"] != ""].sort_values(["reason", "n", "name"], ascending=[True, False, True])
    return tables.dropped(
        ("words", row.kind if row.kind in ("phrase", "concept") else "word", row.name_, row.reason, row.n)
        for row in left.rename(columns={"name": "name_"}).itertuples()
    )
