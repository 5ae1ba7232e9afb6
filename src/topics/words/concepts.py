"""Concepts: one name for the many ways of writing a thing, read from a file and found in the text.

The file is YAML: a name, then its ways of writing; the name itself is one of them.

    artificial intelligence:
      - AI
    digital transformation:
      - digitali*

A word in a way of writing stands for itself in any case, unless it has a capital after its first letter (`AI`, `IoT`,
`4IR`, `US`): then it must stand in the text exactly so. `=Apple` asks for the case as written. `*` stands for any ending,
beginning or middle of a word, also for none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pandas as pd
import yaml

from topics.tables import UserError, yaml_node
from topics.tokens import token_table

WILD = "\u01c2"  # a letter that no text has: it carries the `*` through the tokeniser
PLAIN = {"’": "'", "ʼ": "'", "‐": "-", "‑": "-", "\u00ad": ""} | {chr(0x2080 + n): str(n) for n in range(10)}  # CO₂
Rules = dict[str, list[tuple[re.Pattern[str], list[int]]]]
PATTERNS = ("name", "kind", "pattern", "line")


def plain(form: str) -> str:
    """A word as written, with one kind of apostrophe, hyphen and digit, composed.

    >>> plain("aujourd’hui"), plain("CO₂"), plain("Nguye\u0302\u0303n")
    ("aujourd'hui", 'CO2', 'Nguyễn')
    """
    if not form.isascii():
        form = normalize("NFC", form)
        for written, plainly in PLAIN.items():
            form = form.replace(written, plainly)
    return form


def read_concepts(path: Path) -> pd.DataFrame:
    """The concepts of a file: one row a way of writing, with `name, kind ("concept"), pattern, line`.

    Raises `UserError` that names all that is wrong with the file, each with its line.
    """
    node = yaml_node(path, "concepts, each a name, a colon and a list")
    rows, problems = _rows(node)
    problems += _unclear(rows)
    if problems:
        raise UserError(f"{path}: " + "; ".join(f"line {line}: {problem}" for line, problem in sorted(set(problems))))
    return pd.DataFrame(rows, columns=list(PATTERNS))


def patterns(ways: Mapping[str, Iterable[str]], kind: str) -> pd.DataFrame:
    """Ways of writing given in code, in the columns of `read_concepts`.

    >>> patterns({"AI": ["artificial intelligence"]}, "concept")["pattern"].tolist()
    ['AI', 'artificial intelligence']
    """
    rows = [(name, kind, way, 0) for name, written in ways.items() for way in dict.fromkeys([name, *written])]
    return pd.DataFrame(rows, columns=list(PATTERNS))


def find(tokens: pd.DataFrame, forms: list[str], patterns: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Where the patterns stand, overlaps settled, and what was lost to overlaps.

    Matches: one row a place, `pattern` (row of `patterns`), `first` (row of `tokens`), `n_tokens`, in order of place, none
    overlapping. The longest wins, then the one that begins first, then the one that stands first in `patterns`.
    Overlaps: one row a pair of names, `name, lost_to, n`. No match reaches over the end of a sentence.

    >>> from topics.tokens import token_table
    >>> tokens, forms = token_table(["The fourth industrial revolution and AI: ai?"])
    >>> ways = patterns({"Industry 4.0": ["fourth industrial revolution"], "industry": ["industri*"], "AI": []}, "concept")
    >>> matches, overlaps = find(tokens, forms, ways)
    >>> ways["name"][matches["pattern"]].tolist(), overlaps.values.tolist()
    (['Industry 4.0', 'AI'], [['industry', 'Industry 4.0', 1]])
    """
    pattern, first, n_tokens = _all_matches(tokens, forms, patterns)
    winner = _settle(first, n_tokens, len(tokens))
    kept = winner == np.arange(len(winner))
    matches = pd.DataFrame({"pattern": pattern[kept], "first": first[kept], "n_tokens": n_tokens[kept]})
    name = patterns.groupby(["name", "kind"], sort=False).ngroup().to_numpy()
    names = patterns.drop_duplicates(["name", "kind"])["name"].to_numpy()
    pair = pd.DataFrame({"name": name[pattern[~kept]], "lost_to": name[pattern[winner[~kept]]]})
    overlaps = pair[pair["name"] != pair["lost_to"]].value_counts(sort=False).reset_index(name="n")
    overlaps = overlaps.assign(name=names[overlaps["name"]], lost_to=names[overlaps["lost_to"]])
    return (
        matches.sort_values("first", kind="stable", ignore_index=True),
        overlaps.sort_values(["name", "lost_to"], ignore_index=True),
    )


def _settle(first: np.ndarray, n_tokens: np.ndarray, n: int) -> np.ndarray:
    """For each match, given in order of precedence, the match that holds its place: itself where it stays.

    Lengths in falling order; of one length the first from the left, then the next that begins behind its end, and so on in
    all runs of overlapping matches at once.
    """
    nobody = len(first)
    holder = np.full(n + 1, nobody, np.int64)
    lengths = range(1, n_tokens.max(initial=0) + 1)
    for length in reversed(lengths):
        rows = np.flatnonzero(n_tokens == length)
        rows = rows[_held(holder, first[rows], length) == nobody]
        rows = rows[np.diff(first[rows], prepend=-1) > 0]  # of those in one place the first in precedence
        begin = first[rows]
        follower = np.searchsorted(begin, begin + length)
        run = np.append(np.cumsum(np.diff(begin, prepend=-length) >= length), -1)
        now = np.flatnonzero(np.diff(run[:-1], prepend=0))
        while len(now):
            for step in range(length):
                holder[begin[now] + step] = rows[now]
            now = follower[now][run[follower[now]] == run[now]]
    winner = np.full(len(first), nobody, np.int64)
    for length in lengths:
        rows = np.flatnonzero(n_tokens == length)
        winner[rows] = _held(holder, first[rows], length)
    return winner


def _held(holder: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """Of the matches that hold the places of each, the first in precedence."""
    return np.min([holder[first + step] for step in range(length)], axis=0)


def _all_matches(
    tokens: pd.DataFrame, forms: list[str], patterns: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every place of every pattern: its row, the first token, the number of tokens; the longest first, then by place and row.

    The ways of writing are a tree of words. All tokens go down from its root side by side; where there is no branch, a token stops.
    """
    form, doc, sentence = (tokens[column].to_numpy() for column in ("form", "doc", "sentence"))
    branches, child, leaf = _tree(patterns, forms)
    rows = np.argsort(leaf, kind="stable")
    begin, end = _ranges(leaf[rows], np.arange(leaf.max(initial=0) + 1))
    begins = np.zeros(len(forms), bool)
    begins[branches[: np.searchsorted(branches, len(forms))]] = True  # those of the root
    first = np.flatnonzero(begins[form])
    node = np.zeros(len(first), np.int64)
    found = [(np.zeros(0, np.int64),) * 3]
    while len(first):
        depth = len(found)
        which, branch = _spread(*_ranges(branches, node * len(forms) + form[first + depth - 1]))
        first, node = first[which], child[branch]
        which, row = _spread(begin[node], end[node])
        pattern, place = rows[row], first[which]
        order = np.argsort(place * len(rows) + pattern, kind="stable")
        found.append((pattern[order], place[order], np.full(len(order), depth)))
        then = np.minimum(first + depth, len(form) - 1)
        inside = (then == first + depth) & (doc[then] == doc[first]) & (sentence[then] == sentence[first])
        first, node = first[inside], node[inside]
    pattern, first, n_tokens = (np.concatenate(parts) for parts in zip(*reversed(found), strict=True))
    return pattern, first, n_tokens


def _tree(patterns: pd.DataFrame, forms: list[str]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The patterns as a tree with the root 0: its branches (node times the number of forms, plus a form), sorted; the node that
    each leads to; and the node at which each pattern ends."""
    ways = words_of(patterns["pattern"])
    codes_of = _forms_of({word for words in ways for word in words}, forms)
    nodes: dict[tuple[int, tuple[str, bool]], int] = {}
    leaf = np.zeros(len(ways), np.int64)
    for row, words in enumerate(ways):
        for word in words:
            leaf[row] = nodes.setdefault((leaf[row], word), len(nodes) + 1)
    codes = [codes_of[word] for _, word in nodes]
    parent = np.repeat(np.array([node for node, _ in nodes], np.int64), [len(there) for there in codes])
    branch = parent * len(forms) + np.concatenate([np.zeros(0, np.int64), *codes])
    order = np.argsort(branch, kind="stable")
    return branch[order], np.repeat(np.arange(1, len(nodes) + 1), [len(there) for there in codes])[order], leaf


def _ranges(ordered: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each asked value begins and ends among the sorted; nothing, from 0 to 0, where it is not among them."""
    values, begin = np.unique(ordered, return_index=True)
    place = pd.Index(values).get_indexer(pd.Index(asked))  # -1, the last, where there is none
    return np.append(begin, 0)[place], np.append(begin[1:], [len(ordered), 0])[place]


def _spread(low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All places of all ranges, one after the other: the number of the range, and the place.

    >>> _spread(np.array([5, 0, 2]), np.array([7, 0, 3]))
    (array([0, 0, 2]), array([5, 6, 2]))
    """
    n = high - low
    which = np.repeat(np.arange(len(n)), n)
    return which, np.arange(len(which)) + (high - np.cumsum(n))[which]


def sentence_numbers(tokens: pd.DataFrame) -> np.ndarray:
    """A number for each sentence of the corpus, rising."""
    doc, sentence = tokens["doc"].to_numpy(), tokens["sentence"].to_numpy()
    begins = np.ones(len(doc), bool)
    begins[1:] = (doc[1:] != doc[:-1]) | (sentence[1:] != sentence[:-1])
    return np.cumsum(begins)


def _forms_of(words: set[tuple[str, bool]], forms: list[str]) -> dict[tuple[str, bool], np.ndarray]:
    """For each word of a pattern the codes of the forms that it stands for, sorted.

    A word with `*` is compared with the forms that have its beginning, or its ending where that is longer.
    """
    found: dict[tuple[str, bool], list[int]] = {}
    for exact in sorted({case for _, case in words}):
        codes_of = _spelled(tuple(forms), exact)
        found |= {(word, case): [*codes_of.get(word, ())] for word, case in words if case == exact}
        asked = {word: codes for (word, case), codes in found.items() if case == exact}
        if WILD in asked:
            asked.pop(WILD).extend(range(len(forms)))
        for side, parts in _wild(asked).items():
            for form, codes in codes_of.items():
                for rule, into in parts.get(form[slice(*side)], ()):
                    if rule.fullmatch(form):
                        into.extend(codes)
    return {word: np.sort(np.array(codes, np.int64)) for word, codes in found.items()}


@lru_cache(maxsize=2)  # asked again and again of one corpus, once for each of its contexts
def _spelled(forms: tuple[str, ...], exact: bool) -> dict[str, list[int]]:
    """The codes of the forms of each plain spelling, in lower case unless `exact`."""
    written = plain("\n".join(forms))
    codes_of: dict[str, list[int]] = {}
    for code, form in enumerate((written if exact else written.lower()).split("\n")):
        codes_of.setdefault(form, []).append(code)
    return codes_of


def _wild(asked: Mapping[str, list[int]]) -> dict[tuple[int, int | None], Rules]:
    """Rules for words with `*`, by the longer of their beginning and ending: where that stands in a word, then what it is."""
    sides: dict[tuple[int, int | None], Rules] = {}
    for word, codes in asked.items():
        first, *others = word.split(WILD)
        if others:
            backwards = len(others[-1]) > len(first)
            side, part = ((-len(others[-1]), None), others[-1]) if backwards else ((0, len(first)), first)
            rule = re.compile(".*".join(map(re.escape, [first, *others])))
            sides.setdefault(side, {}).setdefault(part, []).append((rule, codes))
    return sides


def words_of(ways: Iterable[str]) -> list[list[tuple[str, bool]]]:
    """The words of ways of writing, each with whether its case counts, else in lower case; `*` is carried as `WILD`.

    >>> words_of(["Smart cit*", "=Apple", "4IR"]) == [[("smart", False), ("cit" + WILD, False)], [("Apple", True)], [("4IR", True)]]
    True
    """
    written = [way.replace("*", WILD) for way in ways]
    tokens, forms = token_table(written)
    words: list[list[tuple[str, bool]]] = [[] for _ in written]
    for way, form in zip(tokens["doc"].tolist(), tokens["form"].tolist(), strict=True):
        word = plain(forms[form])
        exact = written[way].startswith("=") or word[1:] != word[1:].lower()
        words[way].append((word if exact else word.lower(), exact))
    return words


def _rows(node: yaml.Node | None) -> tuple[list[tuple[str, str, str, int]], list[tuple[int, str]]]:
    """The rows of a file, and what is wrong with its shape, each with its line."""
    if node is None:
        return [], []
    if not isinstance(node, yaml.MappingNode):
        return [], [(node.start_mark.line + 1, "the file must be names, each with a list of ways of writing")]
    rows, problems = [], []
    seen: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        name = " ".join(str(key.value).split()) if isinstance(key, yaml.ScalarNode) else ""
        ways = value.value if isinstance(value, yaml.SequenceNode) else [value]
        if not name:
            problems.append((line, "a concept needs a name"))
        if name in seen:
            problems.append((line, f"{name!r} stands already in line {seen[name]}; put the ways of writing together"))
        seen.setdefault(name, line)
        rows.append((name, "concept", name, line))
        for way in ways:
            at = way.start_mark.line + 1
            if not isinstance(way, yaml.ScalarNode):
                problems.append((at, f"{name!r}: a way of writing must be text; put it in quotes if it has a colon"))
            elif way.tag != "tag:yaml.org,2002:null" and str(way.value) != name:
                rows.append((name, "concept", str(way.value), at))
    return rows, problems


def _unclear(rows: list[tuple[str, str, str, int]]) -> list[tuple[int, str]]:
    """Ways of writing without a word, and those that stand for two concepts."""
    owner: dict[tuple[tuple[str, bool], ...], tuple[str, int]] = {}
    problems = []
    for (name, _, pattern, line), words in zip(rows, words_of(row[2] for row in rows), strict=True):
        if not words or any(not word.strip(WILD) for word, _ in words):
            problems.append((line, f"{pattern!r} has no word to look for; `*` needs letters beside it"))
            continue
        other, at = owner.setdefault(tuple(words), (name, line))
        if other != name:
            problems.append((line, f"{pattern!r} stands for {name!r}, but in line {at} for {other!r}; choose one"))
    return problems
