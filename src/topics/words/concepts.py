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
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from pathlib import Path
from unicodedata import normalize

import numpy as np
import pandas as pd
import yaml

from topics.tables import UserError
from topics.tokens import tokenise

WILD = "\u01c2"  # a letter that no text has: it carries the `*` through the tokeniser
PLAIN = str.maketrans("’ʼ‐‑", "''--", "\u00ad")
PATTERNS = ("name", "kind", "pattern", "line")


def plain(form: str) -> str:
    """A word as written, with one kind of apostrophe and hyphen, composed.

    >>> plain("aujourd’hui"), plain("Nguye\u0302\u0303n")
    ("aujourd'hui", 'Nguyễn')
    """
    return form if form.isascii() else normalize("NFC", form).translate(PLAIN)


def read_concepts(path: Path) -> pd.DataFrame:
    """The concepts of a file: one row a way of writing, with `name, kind ("concept"), pattern, line`.

    Raises `UserError` that names all that is wrong with the file, each with its line.
    """
    try:
        node = yaml.compose(path.read_text("utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror}). Name a file of concepts, or none.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        why = getattr(error, "problem", None) or "it is not UTF-8 text"
        raise UserError(f"{path}{where}: not YAML: {why}. Each concept is a name, a colon and a list.") from error
    rows, problems = _rows(node)
    problems += _clashes(rows)
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
    name = pd.factorize(patterns["name"] + "\0" + patterns["kind"])[0].astype(np.int64)
    order = np.lexsort((pattern, first, -n_tokens))
    pattern, first, n_tokens = pattern[order], first[order], n_tokens[order]
    winner = _settle(first, n_tokens, len(tokens))
    kept = winner == np.arange(len(winner))
    lost, to = np.divmod(
        np.sort(name[pattern[~kept]] * len(patterns) + name[pattern[winner[~kept]]]), max(len(patterns), 1)
    )
    names = patterns["name"].to_numpy()[np.unique(name, return_index=True)[1]]
    overlaps = pd.DataFrame({"lost": lost, "to": to})[lost != to].value_counts(sort=False).reset_index(name="n")
    overlaps = pd.DataFrame({"name": names[overlaps["lost"]], "lost_to": names[overlaps["to"]], "n": overlaps["n"]})
    matches = pd.DataFrame({"pattern": pattern[kept], "first": first[kept], "n_tokens": n_tokens[kept]})
    return matches.sort_values("first", ignore_index=True), overlaps.sort_values(["name", "lost_to"], ignore_index=True)


def _settle(first: np.ndarray, n_tokens: np.ndarray, n: int) -> np.ndarray:
    """For each match, given in order of precedence, the match that holds its place: itself where it stays.

    Lengths in falling order; of one length the first from the left, then the next that begins behind its end, and so on in
    all runs of overlapping matches at once.
    """
    nobody = len(first)
    holder = np.full(n + 1, nobody, np.int64)
    for length in np.unique(n_tokens)[::-1].tolist():
        rows = np.flatnonzero(n_tokens == length)
        rows = rows[_held(holder, first[rows], length) == nobody]
        begin, index = np.unique(first[rows], return_index=True)
        follower = np.searchsorted(begin, begin + length)
        run = np.append(np.cumsum(np.diff(begin, prepend=-length) >= length), -1)
        now = np.flatnonzero(np.diff(run[:-1], prepend=0))
        while len(now):
            for step in range(length):
                holder[begin[now] + step] = rows[index[now]]
            now = follower[now][run[follower[now]] == run[now]]
    winner = np.full(len(first), nobody, np.int64)
    for length in np.unique(n_tokens).tolist():
        rows = n_tokens == length
        winner[rows] = _held(holder, first[rows], length)
    return winner


def _held(holder: np.ndarray, first: np.ndarray, length: int) -> np.ndarray:
    """Of the matches that hold the places of each, the first in precedence."""
    return np.min([holder[first + step] for step in range(length)], axis=0)


def _all_matches(
    tokens: pd.DataFrame, forms: list[str], patterns: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Every place of every pattern: its row, the first token, the number of tokens. Looked up from its rarest word."""
    form, sentence = tokens["form"].to_numpy(), sentence_numbers(tokens)
    ways = [words_of(pattern) for pattern in patterns["pattern"]]
    codes_of = _forms_of({word for words in ways for word in words}, forms)
    wanted = [[codes_of[word] for word in words] for words in ways]
    n_each = np.bincount(form, minlength=len(forms))
    rarest = [int(np.argmin([n_each[codes].sum() for codes in words])) if words else 0 for words in wanted]
    places = Places(
        form, np.concatenate([w[r] for w, r in zip(wanted, rarest, strict=True) if w] or [np.zeros(0, int)])
    )
    found: list[tuple[int, np.ndarray, int]] = []
    for row, (words, anchor) in enumerate(zip(wanted, rarest, strict=True)):
        if not all(map(len, words)) or not words:
            continue
        first = places.of(words[anchor]) - anchor
        first = first[(first >= 0) & (first + len(words) <= len(form))]
        first = first[sentence[first] == sentence[first + len(words) - 1]]
        for step, codes in enumerate(words):
            if step != anchor:
                there = form[first + step]
                first = first[there == codes[0] if len(codes) == 1 else np.isin(there, codes)]
        found.append((row, first, len(words)))
    if not found:
        return np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, np.int64)
    n_found = [len(first) for _, first, _ in found]
    return (
        np.repeat([row for row, _, _ in found], n_found),
        np.concatenate([first for _, first, _ in found]),
        np.repeat([n for _, _, n in found], n_found),
    )


def sentence_numbers(tokens: pd.DataFrame) -> np.ndarray:
    """A number for each sentence of the corpus, rising."""
    doc, sentence = tokens["doc"].to_numpy(), tokens["sentence"].to_numpy()
    begins = np.ones(len(doc), bool)
    begins[1:] = (doc[1:] != doc[:-1]) | (sentence[1:] != sentence[:-1])
    return np.cumsum(begins)


class Places:
    """Where the forms stand, for those asked for."""

    def __init__(self, form: np.ndarray, asked: np.ndarray) -> None:
        wanted = np.zeros(int(form.max(initial=-1)) + 1, bool)
        wanted[asked[asked < len(wanted)]] = True
        self.places = np.flatnonzero(wanted[form]) if len(form) else np.zeros(0, np.int64)
        self.places = self.places[np.argsort(form[self.places], kind="stable")]
        self.sorted_forms = form[self.places]

    def of(self, codes: np.ndarray) -> np.ndarray:
        low = np.searchsorted(self.sorted_forms, codes, side="left")
        high = np.searchsorted(self.sorted_forms, codes, side="right")
        return np.concatenate([self.places[a:b] for a, b in zip(low, high, strict=True)])


def _forms_of(words: set[tuple[str, bool]], forms: list[str]) -> dict[tuple[str, bool], np.ndarray]:
    """For each word of a pattern the codes of the forms that it stands for, sorted."""
    as_written = [plain(form) for form in forms]
    codes: dict[tuple[str, bool], np.ndarray] = {}
    for exact, written in ((True, as_written), (False, [form.lower() for form in as_written])):
        asked = {word if exact else word.lower() for word, of in words if of == exact}
        found: dict[str, list[int]] = {word: [] for word in asked}
        for code, form in enumerate(written):
            if form in found:
                found[form].append(code)
        wild = [word for word in asked if WILD in word]
        beginnings = sorted(zip(written, range(len(written)), strict=True)) if wild else []
        endings = sorted((form[::-1], code) for form, code in beginnings) if wild else []
        for word in wild:
            found[word] = _wild(word, beginnings, endings)
        codes |= {
            (word, exact): np.array(found[word if exact else word.lower()], np.int64)
            for word, of in words
            if of == exact
        }
    return codes


def _wild(word: str, beginnings: list[tuple[str, int]], endings: list[tuple[str, int]]) -> list[int]:
    """The codes of the forms that a word with `*` fits: narrowed by its beginning or its ending, whichever is longer."""
    first, *_, last = word.split(WILD)
    backwards = len(last) > len(first)
    side, start = (endings, last[::-1]) if backwards else (beginnings, first)
    near = side[bisect_left(side, (start, -1)) : bisect_left(side, (start + "\U0010ffff", -1))]
    rule = re.compile(".*".join(map(re.escape, word.split(WILD))))
    return sorted(code for form, code in near if rule.fullmatch(form[::-1] if backwards else form))


def words_of(pattern: str) -> list[tuple[str, bool]]:
    """The words of a way of writing, each with whether its case counts; `*` is carried as `WILD`.

    >>> words_of("smart cit*") == [("smart", False), ("cit" + WILD, False)], words_of("=Apple"), words_of("4IR")
    (True, [('Apple', True)], [('4IR', True)])
    """
    exact = pattern.startswith("=")
    text = pattern.removeprefix("=").replace("*", WILD)
    words = [plain(text[start:end]) for start, end in tokenise(text)]
    return [(word, exact or word[1:] != word[1:].lower()) for word in words]


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
    for _, _, pattern, line in rows:
        if any(not word.replace(WILD, "") for word, _ in words_of(pattern)) or not words_of(pattern):
            problems.append((line, f"{pattern!r} has no word to look for; `*` needs letters beside it"))
    return rows, problems


def _clashes(rows: list[tuple[str, str, str, int]]) -> list[tuple[int, str]]:
    """Ways of writing that stand for two concepts."""
    owner: dict[tuple[tuple[str, bool], ...], tuple[str, int]] = {}
    problems = []
    for name, _, pattern, line in rows:
        words = tuple((word if exact else word.lower(), exact) for word, exact in words_of(pattern))
        other, at = owner.setdefault(words, (name, line))
        if other != name:
            problems.append((line, f"{pattern!r} stands for {name!r}, but in line {at} for {other!r}; choose one"))
    return problems
