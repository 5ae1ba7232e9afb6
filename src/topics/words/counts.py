"""From texts to counts: everything in place, what is learned from the articles, and one sparse matrix in canonical order.

`read_words` places words and concepts, by rules alone. `learn_vocabulary` learns phrases, names and which are terms, from
all articles or some. `place` applies a vocabulary to any articles; `count` counts. `prepare` is the four in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from topics import tables
from topics.tables import UserError
from topics.tokens import token_table
from topics.words.concepts import find, patterns, plain, sentence_numbers
from topics.words.leftout import REASONS, leftout_patterns, stop_list
from topics.words.lemmas import calmed, form_table, lemmas_known
from topics.words.phrases import CONNECTORS, NO_PHRASES, Stream, apply_phrases, learn_phrases, n_docs_of

UNITS = ("article", "paragraph")
WORDLESS = "no word of it is counted by the models: it has no topics"


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


def by_article(counts: Counts) -> sparse.csr_matrix:
    """How often each term stands in each article: (n_articles, n_terms), whatever the unit."""
    shape = (len(counts.doc_ids), len(counts.unit_doc))
    of_article = sparse.csr_matrix((np.ones(shape[1], np.int32), (counts.unit_doc, np.arange(shape[1]))), shape=shape)
    return of_article @ counts.matrix


def count(spans: pd.DataFrame, names: pd.DataFrame, doc_ids: np.ndarray, unit: str = "article") -> Counts:
    """Counts of the names that are terms (`reason` empty) over the spans where they stand.

    >>> names = pd.DataFrame({"name": ["b", "the", "a"], "reason": ["", "stop word", ""]})
    >>> spans = pd.DataFrame({"doc": [0, 0, 2, 2], "paragraph": [0, 1, 0, 0], "name": [0, 1, 2, 2]})
    >>> counts = count(spans, names, np.array(["x", "y", "z"]))
    >>> counts.terms.tolist(), counts.matrix.toarray().tolist()
    (['a', 'b'], [[0, 1], [0, 0], [2, 0]])
    """
    if unit not in UNITS:
        raise UserError(f"unit must be {' or '.join(UNITS)}. Got {unit!r}.")
    terms = _sorted_names(names[names["reason"] == ""])
    term = columns_of(names, terms)[spans["name"].to_numpy()]
    inside = term >= 0
    doc, term = spans["doc"].to_numpy()[inside].astype(np.int64), term[inside]
    if unit == "paragraph":
        paragraph = spans["paragraph"].to_numpy()[inside].astype(np.int64)
        units, row = np.unique(doc << 32 | paragraph, return_inverse=True)
        unit_doc = (units >> 32).astype(np.int32)
    else:
        row, unit_doc = doc, np.arange(len(doc_ids), dtype=np.int32)
    shape = (len(unit_doc), len(terms))
    matrix = sparse.coo_matrix((np.ones(len(row), np.int32), (row, term)), shape).tocsr()
    matrix.sort_indices()
    return Counts(np.asarray(doc_ids, dtype=str), terms, matrix, unit_doc, unit)


def columns_of(names: pd.DataFrame, terms: np.ndarray) -> np.ndarray:
    """The column of each of `names` among the sorted `terms`, -1 where it is none; the last place is that of name -1: outside the vocabulary."""
    return np.append(pd.Index(terms).get_indexer(names["name"]), -1)


def _sorted_names(names: pd.DataFrame) -> np.ndarray:
    return np.sort(names["name"].to_numpy(dtype=object).astype(str))


def prepare(articles: pd.DataFrame, *, unit: str = "article", **options: Any) -> dict[str, Any]:
    """Everything that this room makes of ARTICLES (`doc_id`, `text`, `source` are read), for the store and the rooms after.

    `counts`: Counts. `terms`: TERMS, by count. `dropped`: DROPPED, one row a name that is no term; `wordless`, one row an article without any. `tokens`, `forms`: every
    word, as `tokens.token_table` gives them, with the key of each form. `units`: words and concepts in place.
    `names`, `spans`: what is counted, and where each stands. `phrases`: what was learned. `notes`: sentences for a report.
    `options` are those of `read_words` and `learn_vocabulary`.
    """
    learning = {name: options.pop(name) for name in signature(learn_vocabulary).parameters if name in options}
    words = read_words(articles, **options)
    vocabulary = learn_vocabulary(words, **learning)
    names, (stream, keys) = vocabulary["names"], vocabulary.pop("stream")
    spans = _spans(words, stream, keys, names)
    counts = count(spans, names, words["doc_ids"], unit)
    return {
        **words,
        **vocabulary,
        "spans": spans,
        "counts": counts,
        "terms": terms_of(names),
        "dropped": pd.concat([dropped_names(names), words["dropped_matches"]], ignore_index=True),
        "wordless": dropped_articles(counts),
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
    keep_words: Iterable[str] = (),
    remove: Iterable[str] = ("calendar", "outlet", "boilerplate"),
    map: Callable[..., Iterable[Any]] = map,
) -> dict[str, Any]:
    """Words and concepts in their places, by rules that do not depend on the other articles.

    `keys`: one row a thing that stands in the text, `key, kind, reason` (why it is left out, or ""). `units`: one row a
    place, `key` (row of `keys`), `first` (row of `tokens`), `n_tokens`.
    """
    articles = articles.sort_values("doc_id", kind="stable")
    tokens, written = token_table(articles["text"].tolist(), map=map)
    packaged, note = stop_list(language)
    own = [plain(word) for word in stop_words]
    stop = packaged - {plain(word).lower() for word in keep_words} | {word.lower() for word in own} | {*own}
    single = [word for word in exceptions if " " not in word.strip()]
    stop |= {
        *form_table(own, language=language, lemmas=lemmas, exceptions=single)["key"]
    }  # lists show a term in one form
    form, written = calmed(tokens, written, stop)
    forms = form_table(written, language=language, lemmas=lemmas, exceptions=single, stop_words=stop)
    several = patterns({word: [] for word in exceptions if " " in word.strip()}, "phrase")
    sources = articles["source"].dropna().unique() if "source" in articles else ()
    known = patterns({}, "concept") if concepts is None else concepts
    ways = pd.concat([known, several, leftout_patterns(language, remove, sources)], ignore_index=True)
    heard = tokens.assign(form=form)
    matches, overlaps = find(heard, written, ways)
    keys, units = _units(heard, forms, ways, matches)
    unknown = [f"Words of the language {language!r} have no lemmas."] if lemmas and not lemmas_known(language) else []
    lost = [
        ("words", "place of a concept", name, f"overlaps with {winner!r}, which is longer or stands first", n)
        for name, winner, n in overlaps.itertuples(index=False)
    ]
    return {
        "doc_ids": articles["doc_id"].to_numpy(dtype=str),
        "tokens": tokens,
        "forms": forms,
        "keys": keys,
        "units": units,
        "connectors": CONNECTORS.get(language, "").split(),
        "dropped_matches": tables.dropped(lost),
        "notes": [note, *unknown],
    }


def _keys(
    forms: Mapping[str, list[str]], ways: list[tuple[str, str]]
) -> tuple[pd.DataFrame, dict[tuple[str, str], int], dict[str, int]]:
    """What may stand in the text, matches then words; the row of each match by name and kind, and of each word by key."""
    named = list(dict.fromkeys(ways))
    reason = dict(zip(forms["key"], forms["reason"], strict=True))
    words = sorted(reason)
    keys = {
        "key": [name for name, _ in named] + words,
        "kind": [kind for _, kind in named] + ["word"] * len(words),
        "reason": [REASONS.get(kind, "") for _, kind in named] + [reason[word] for word in words],
    }
    rows = {word: row for row, word in enumerate(words, len(named))}
    return pd.DataFrame(keys), {pair: row for row, pair in enumerate(named)}, rows


def _units(
    tokens: pd.DataFrame, form_table: pd.DataFrame, patterns: pd.DataFrame, matches: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Keys, and units: matches first, then every token that is in none."""
    forms = {column: form_table[column].tolist() for column in ("key", "reason")}
    ways = list(zip(patterns["name"].tolist(), patterns["kind"].tolist(), strict=True))
    keys, row_of_match, row_of_word = _keys(forms, ways)
    key = np.array([row_of_word[word] for word in forms["key"]], np.int32)[tokens["form"].to_numpy()]
    first, n_tokens = matches["first"].to_numpy(), matches["n_tokens"].to_numpy()
    key[first] = np.array([row_of_match[way] for way in ways], np.int32)[matches["pattern"].to_numpy()]
    length = np.ones(len(key), np.int32)
    length[first] = n_tokens
    kept = np.ones(len(key), bool)
    for step in range(1, int(n_tokens.max(initial=1))):
        kept[first[n_tokens > step] + step] = False
    units = {"key": key, "first": np.arange(len(key), dtype=np.int32), "n_tokens": length}
    return keys, pd.DataFrame({name: values[kept] for name, values in units.items()})


def learn_vocabulary(
    words: Mapping[str, Any],
    *,
    docs: np.ndarray | None = None,
    phrases: str = "npmi",
    phrase_min_count: int = 5,
    min_docs: int | None = None,
    max_share: float | None = None,
) -> dict[str, Any]:
    """What is learned from the articles `docs` (positions in `doc_ids`; all where None): phrases, and which names are terms.

    `names`: one row a word, phrase or concept that stands in them: `name` (as most often written), `key`, `kind`,
    `reason` (why it is no term, or ""), `n`, `n_docs`. `stream`: all articles with the phrases joined, and the keys of its codes.
    `phrases`: "npmi" or "none". A term stands in `min_docs` articles or
    more and in at most `max_share` of them. Where not given, `min_docs` is 1 under 10 articles, 2 under 100, 3 under 1,000,
    else 5; `max_share` is 1 under 20 articles, else .5.
    """
    if phrases not in ("npmi", "none"):
        raise UserError(f"phrases must be npmi or none. Got {phrases!r}.")
    if min_docs is not None and not (0 <= min_docs < float("inf") and min_docs == int(min_docs)):
        raise UserError(f"min_docs must be a whole number of 0 or more. Got {min_docs!r}.")
    if max_share is not None and not 0 < max_share <= 1:
        raise UserError(f"max_share must be a share above 0, up to 1. Got {max_share!r}.")
    stream, keys = _stream(words), words["keys"]["key"].tolist()
    n_articles = len(words["doc_ids"]) if docs is None else len(docs)
    min_docs = _by_size(n_articles, {10: 1, 100: 2, 1000: 3}, 5) if min_docs is None else min_docs
    max_share = _by_size(n_articles, {20: 1.0}, 0.5) if max_share is None else max_share
    learned = NO_PHRASES
    if phrases != "none":
        learned, joined, more_keys = learn_phrases(stream.of(docs), keys, min_count=phrase_min_count, min_docs=min_docs)
        stream, keys = (joined, more_keys) if docs is None else apply_phrases(stream, keys, learned)
    names = _names(words, stream.of(docs), keys)
    word = names["reason"] == ""
    names.loc[word & (names["n_docs"] < min_docs), "reason"] = f"in fewer than {min_docs} articles"
    names.loc[word & (names["n_docs"] > max_share * n_articles), "reason"] = (
        f"in more than {100 * max_share:.0f} % of the articles"
    )
    note = f"Terms stand in at least {min_docs} and at most {100 * max_share:.0f} % of {n_articles:,} articles."
    return {"names": names, "phrases": learned, "notes": [note], "stream": (stream, keys)}


def _by_size(n: int, values: Mapping[int, Any], largest: Any) -> Any:
    return next((value for below, value in values.items() if n < below), largest)


def _stream(words: Mapping[str, Any]) -> Stream:
    """The units as a stream: words may join to phrases, small words inside them, anything else parts them."""
    units, tokens, keys = words["units"], words["tokens"], words["keys"]
    code, first = units["key"].to_numpy(), units["first"].to_numpy()
    word, reason = (keys["kind"] == "word").to_numpy(), keys["reason"].to_numpy()
    version = keys["key"].str.fullmatch(r"\d{1,2}\.\d").to_numpy(bool)  # Logistics 4.0
    is_edge = word & ((reason == "") | version)
    is_connector = word & (reason == "stop word") & keys["key"].isin(words["connectors"]).to_numpy(bool)
    barrier = ~(is_edge | is_connector)[code]
    begins = (tokens["joined"].to_numpy()[first] == 0) | barrier
    begins[1:] |= barrier[:-1]
    segment = np.where(barrier, -1, np.cumsum(begins))
    doc = tokens["doc"].to_numpy()[first]
    return Stream(code, first, units["n_tokens"].to_numpy(), doc, is_edge[code], segment)


def _names(words: Mapping[str, Any], stream: Stream, keys: list[str]) -> pd.DataFrame:
    """One row a key that stands in the stream, as it is most often written, with its counts; sorted by name and kind."""
    known, n_new = words["keys"], len(keys) - len(words["keys"])
    n_docs = n_docs_of(stream.code, stream.doc, len(keys))
    n = np.bincount(stream.code, minlength=len(keys))
    there = np.flatnonzero(n)
    shown = _most_often_written(words, stream)
    names = pd.DataFrame({"name": [shown.get(code, keys[code]) for code in there.tolist()]})
    names["key"] = [keys[code] for code in there.tolist()]
    names["kind"] = np.append(known["kind"].to_numpy(object), ["phrase"] * n_new)[there]
    names["reason"] = np.append(known["reason"].to_numpy(object), [""] * n_new)[there]
    names["n"], names["n_docs"] = n[there], n_docs[there]
    # A name is one thing: a concept has the first right to it.
    twice = names["name"].duplicated(keep=False) & (names["kind"] != "concept")
    names.loc[twice, "name"] += " (" + names["kind"] + " " + names["key"] + ")"
    return names.sort_values(["name", "kind", "key"], ignore_index=True)


def _most_often_written(words: Mapping[str, Any], stream: Stream) -> dict[int, str]:
    """How each word and phrase is most often written inside sentences, where a capital means something, by code.

    Of ways as frequent there, the one more frequent anywhere, then the first in sorted order.
    """
    inside = np.diff(sentence_numbers(words["tokens"]), prepend=0) == 0
    form, written = words["tokens"]["form"].to_numpy(), [plain(form) for form in words["forms"]["form"].tolist()]
    owns = np.append(words["tokens"]["joined"].to_numpy()[1:] == 2, False).astype(np.int64)  # People's Committee
    is_named = (words["keys"]["kind"] != "word").to_numpy()
    learned = ~np.append(is_named, np.zeros(int(stream.code.max(initial=0)) + 1, bool))[stream.code]
    shown: dict[int, str] = {}
    for length in np.unique(stream.n_tokens[learned]).tolist():
        here = learned & (stream.n_tokens == length)
        code, first = stream.code[here].astype(np.int64), stream.first[here]
        way = form[first].astype(np.int64)
        for step in range(1, length):
            way = pd.factorize((way * 2 + owns[first + step - 1]) * len(written) + form[first + step])[0]
        n = np.bincount(way)
        place = np.zeros(len(n), np.int64)
        place[way[::-1]] = np.arange(len(way))[::-1]
        n_inside, there = np.bincount(way, weights=inside[first]), n > 0
        n, place, n_inside = n[there], place[there], n_inside[there]
        ways = [
            " ".join(written[form[i]] + "'s" * owns[i] for i in range(at, at + length - 1))
            for at in first[place].tolist()
        ]
        ways = [
            f"{begin} {written[form[at]]}".lstrip() for begin, at in zip(ways, first[place] + length - 1, strict=True)
        ]
        best = pd.DataFrame({"code": code[place], "inside": -n_inside, "n": -n, "way": ways})
        best = best.sort_values(["code", "inside", "n", "way"]).drop_duplicates("code")
        shown.update(zip(best["code"].tolist(), best["way"].tolist(), strict=True))
    return shown


def place(words: Mapping[str, Any], vocabulary: Mapping[str, Any]) -> pd.DataFrame:
    """Where every word, phrase and concept stands: one row a place, in order of article and place.

    Columns, all int32: `doc, paragraph, start, end` (as in TOKENS) and `name` (row of the vocabulary's `names`; -1 where the
    vocabulary, learned elsewhere, lacks it).
    """
    stream, keys = apply_phrases(_stream(words), words["keys"]["key"].tolist(), vocabulary["phrases"])
    return _spans(words, stream, keys, vocabulary["names"])


def _spans(words: Mapping[str, Any], stream: Stream, keys: list[str], names: pd.DataFrame) -> pd.DataFrame:
    kinds = words["keys"]["kind"].tolist() + ["phrase"] * (len(keys) - len(words["keys"]))
    row = {pair: number for number, pair in enumerate(zip(names["key"].tolist(), names["kind"].tolist(), strict=True))}
    name = np.array([row.get(pair, -1) for pair in zip(keys, kinds, strict=True)], np.int32)
    tokens, last = words["tokens"], stream.first + stream.n_tokens - 1
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
    return tables.conform(
        terms.sort_values(["n", "term"], ascending=[False, True])[["term", "n", "n_docs", "kind"]], "terms"
    )


def dropped_names(names: pd.DataFrame) -> pd.DataFrame:
    """DROPPED: the names that are not counted, with the reason and how often each stands in the articles."""
    left = names[names["reason"] != ""].sort_values(["reason", "n", "name"], ascending=[True, False, True])
    what = left["kind"].where(left["kind"].isin(["phrase", "concept"]), "word")
    return tables.conform(
        left.rename(columns={"name": "id"}).assign(stage="words", what=what)[list(tables.DROPPED)], "dropped"
    )


def dropped_articles(counts: Counts) -> pd.DataFrame:
    """DROPPED: the articles that have no term, and so no topics."""
    without = counts.doc_ids[np.asarray(by_article(counts).sum(axis=1)).ravel() == 0]
    return tables.dropped(("models", "article", str(doc_id), WORDLESS, 1) for doc_id in without)


def hidden_terms(words: Mapping[str, Any], hide: Iterable[str]) -> set[str]:
    """The names that lists and figures leave out, though models count them: those of the words to hide, in all their forms.

    `words` is what `prepare` gives. To hide costs no new fit: the domain's own stop words are best taken out after fitting
    (Schofield, Magnusson & Mimno 2017).
    """
    names, forms = words["names"], words["forms"]
    low = {plain(word).lower() for word in hide}
    lemmas = set(forms["key"][forms["form"].str.lower().isin(low)])
    return set(names["name"][names["name"].str.lower().isin(low) | names["key"].isin(low | lemmas)])


def in_order(words: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """The terms of all articles in the order of the text, as columns of the counts, and where each article starts.

    `words` is what `prepare` gives.
    """
    counts = words["counts"]
    term = columns_of(words["names"], counts.terms)[words["spans"]["name"].to_numpy()]
    doc = words["spans"]["doc"].to_numpy()[term >= 0]
    return term[term >= 0], np.searchsorted(doc, np.arange(len(counts.doc_ids) + 1))


def placed_terms(words: Mapping[str, Any]) -> tuple[pd.DataFrame, np.ndarray]:
    """Every place with its article, sentence and term (`doc, start, end, sentence, name`; -1: no term), and the terms, sorted.

    Terms are those of the counts and every concept, also one too rare or too common for the models. `words` is what `prepare` gives.
    """
    names, spans, tokens = words["names"], words["spans"], words["tokens"]
    terms = _sorted_names(names[(names["reason"] == "") | (names["kind"] == "concept")])
    name = columns_of(names, terms)[spans["name"].to_numpy()]
    place = tokens["doc"].to_numpy().astype(np.int64) << 32 | tokens["start"].to_numpy()
    of = np.searchsorted(place, spans["doc"].to_numpy().astype(np.int64) << 32 | spans["start"].to_numpy())
    sentence = tokens["sentence"].to_numpy()[of]
    return spans[["doc", "start", "end"]].assign(sentence=sentence, name=name), terms
