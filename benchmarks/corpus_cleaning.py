"""Precision and recall of what cleaning takes out, in characters that are no white space.

    python benchmarks/corpus_cleaning.py [--real FOLDER]

Made-up cases of tests/cases/removals.txt; with FOLDER (of the real corpora), also the real articles that
tests/cases/real_removals.json labels by digest and offsets.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from topics.corpus.clean import About, clean_text, joined_words

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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--real", type=Path)
    parser.parse_args()
    pairs = []
    for name, title, text, gold in cases():
        out = taken_out(text, title, joined_words([text]))
        pairs.append((gold, out))
        if gold != out:
            wrong, missed = ("".join(text[i] for i in sorted(s)) for s in (out - gold, gold - out))
            print(f"{name}: taken out wrongly {wrong[:80]!r}, missed {missed[:80]!r}")
    print("made-up cases: {}, precision {:.3f}, recall {:.3f}".format(len(pairs), *scores(pairs)))


if __name__ == "__main__":
    main()
