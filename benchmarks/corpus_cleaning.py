"""Precision and recall of what cleaning takes out, in characters that are no white space, beside the patterns of the plain way.

    python benchmarks/corpus_cleaning.py [--real FOLDER]

Made-up cases of tests/cases/removals.txt; with FOLDER (that holds articles/ and corpora/dated/), also the real articles that
tests/cases/real_removals.json labels by digest and offsets. The plain way is the dozen patterns of `plain.py`; it was not tuned to these cases, ours was developed
with such cases at hand.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from collections.abc import Callable, Iterable
from pathlib import Path

from topics.corpus.clean import HARMLESS, STEPS, About, clean_articles, clean_text, joined_words
from topics.corpus.read import read_articles

CASES = Path(__file__).resolve().parents[1] / "tests" / "cases"


def cases() -> list[tuple[str, str, str, set[int]]]:
    """Each made-up case as (name, title, text, positions of the characters to take out)."""
    made = []
    for part in (CASES / "removals.txt").read_text(encoding="utf-8").split("\n==== ")[1:]:
        name, _, marked = part.partition("\n")
        title = ""
        if marked.startswith("title: "):
            first, _, marked = marked.partition("\n")
            title = first.removeprefix("title: ")
        text, out, depth = "", set(), 0
        for character in marked.rstrip("\n"):
            depth += (character == "⟦") - (character == "⟧")
            if character not in "⟦⟧":
                if depth and not character.isspace():
                    out.add(len(text))
                text += character
        made.append((name, title, text, out))
    return made


def taken_out(text: str, title: str = "", joined: frozenset[str] = frozenset()) -> set[int]:
    """Positions of the characters, white space apart, that cleaning takes out or replaces."""
    _, edits = clean_text(text, about=About(title, joined=joined))
    return {i for start, n, _, _ in edits for i in range(start, start + n) if not text[i].isspace()}


def scores(pairs: list[tuple[set[int], set[int]]]) -> tuple[float, float]:
    """Precision and recall of (labelled, taken out) over all cases together."""
    hit = sum(len(gold & out) for gold, out in pairs)
    return hit / max(1, sum(len(out) for _, out in pairs)), hit / max(1, sum(len(gold) for gold, _ in pairs))


def made_up(tell: Callable[[str], None] = lambda line: None) -> list[tuple[set[int], set[int]]]:
    """For each made-up case, the positions labelled and those taken out."""
    pairs = []
    for name, title, text, gold in cases():
        out = taken_out(text, title, joined_words([text]))
        pairs.append((gold, out))
        if gold != out:
            tell(f"{name}: wrongly {_said(text, out - gold)}, missed {_said(text, gold - out)}")
    return pairs


def real(
    shared: Path,
    tell: Callable[[str], None] = lambda line: None,
    only: tuple[str, ...] = (),
    labelled: list[tuple[str, set[int]]] | None = None,
) -> list[tuple[set[int], set[int]]]:
    """The same for the labelled real articles under `shared`, cleaned with all the others of their corpus.

    Repairs of encoding and invisible characters are not labelled and do not count. `labelled` takes up the texts with their labels.
    """
    labels = json.loads((CASES / "real_removals.json").read_text(encoding="utf-8"))
    pairs = []
    for path in [shared / "articles", *sorted((shared / "corpora" / "dated").glob("*"))]:
        if not path.exists() or ".tar" in path.name or (only and path.name not in only):
            continue
        raw, _ = read_articles(path)
        digests = [hashlib.sha256(text.encode()).hexdigest() for text in raw["text"]]
        if not labels.keys() & set(digests):
            continue
        _, removals, _ = clean_articles(raw, steps=[step for step in STEPS if step not in HARMLESS])
        by_doc = dict(tuple(removals.groupby("doc_id")))
        for doc_id, text, digest in zip(raw["doc_id"], raw["text"], digests, strict=True):
            if digest in labels:
                rows = by_doc.get(doc_id, removals.head(0))
                gold, out = (
                    _positions(text, labels[digest]),
                    _positions(text, zip(rows["start"], rows["n_chars"], strict=True)),
                )
                pairs.append((gold, out))
                if labelled is not None:
                    labelled.append((text, gold))
                if gold != out:
                    tell(f"{doc_id}: wrongly {_said(text, out - gold)}, missed {_said(text, gold - out)}")
    return pairs


def plain_pairs(texts: Iterable[tuple[str, set[int]]]) -> list[tuple[set[int], set[int]]]:
    """For each text and its label, what the patterns of the plain way take out."""
    from plain import CLEANING

    patterns = [re.compile(p, re.M | re.I if p.startswith(r"^\s*(?:") else re.M) for p in CLEANING]
    pairs = []
    for text, gold in texts:
        spans = [match.span() for pattern in patterns for match in pattern.finditer(text)]
        pairs.append((gold, _positions(text, [(start, end - start) for start, end in spans])))
    return pairs


def tell(case: str, side: str, pairs: list[tuple[set[int], set[int]]]) -> None:
    from record import record

    precision, recall = scores(pairs)
    print(f"{case}, {side}: {len(pairs)}, precision {precision:.3f}, recall {recall:.3f}")
    for measure, value in (("precision", precision), ("recall", recall)):
        record("corpus_cleaning", case, side, f"{measure} by character", value, "")


def _positions(text: str, spans: Iterable[Iterable[int]]) -> set[int]:
    return {i for start, n in spans for i in range(start, start + n) if not text[i].isspace()}


def _said(text: str, positions: set[int]) -> str:
    return repr("".join(text[i] for i in sorted(positions))[:80])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path, help="folder that holds articles/ and corpora/dated/")
    given = parser.parse_args()
    tell("made-up cases", "topics", made_up(print))
    tell("made-up cases", "plain patterns", plain_pairs((text, out) for _, _, text, out in cases()))
    if given.real:
        labelled: list[tuple[str, set[int]]] = []
        tell("real articles", "topics", real(given.real, print, labelled=labelled))
        tell("real articles", "plain patterns", plain_pairs(labelled))


if __name__ == "__main__":
    main()
