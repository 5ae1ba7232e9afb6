"""Main text and publication dates of HTML pages, ours beside trafilatura and htmldate called plainly.

    python benchmarks/corpus_html.py FOLDER [--rounds 5] [--pages N]      where FOLDER holds the three archives of gold pages

Text: the article extraction benchmark's own measure, precision, recall and F1 over shingles of four words, each page
with the same weight; and token F1 on the Readability test pages. Dates: htmldate's own measure on its 200 news pages. Sides take turns, and
all that a side does with its pages is in its time (ours reads text and dates of a page at once, so its time for dates holds that of the text). Published figures are those of the archives' own documentation.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import htmldate
import htmldate.meta
import pandas as pd
import trafilatura
import trafilatura.meta
from record import record

from topics.corpus import html
from topics.corpus.dates import date_articles
from topics.corpus.encoding import decode
from topics.corpus.language import add_language


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text or "")
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3))) if words else Counter()


def text_scores(pages: list[tuple[bytes, str, str]], extract: Callable[[bytes, str], str]) -> dict[str, float]:
    """Mean precision and recall over pages, and the F1 of the two means."""
    precisions, recalls = [], []
    for page, url, gold in pages:
        true, found = shingles(gold), shingles(extract(page, url))
        hit = sum((true & found).values())
        precisions.append(hit / sum(found.values()) if found else 0.0)
        recalls.append(hit / sum(true.values()) if true else 1.0)
    precision, recall = sum(precisions) / len(pages), sum(recalls) / len(pages)
    return {"precision": precision, "recall": recall, "f1": 2 * precision * recall / (precision + recall)}


def token_f1(a: str, b: str) -> float:
    one, other = Counter(re.findall(r"\w+", a.lower())), Counter(re.findall(r"\w+", b.lower()))
    shared = sum((one & other).values())
    return 2 * shared / (sum(one.values()) + sum(other.values())) if shared else 0.0


def date_scores(gold: dict[str, str], found: dict[str, str]) -> dict[str, float]:
    """htmldate's counts: right, wrong, missed, rightly none."""
    right = sum(1 for name, day in gold.items() if day and found[name] == day)
    wrong = sum(1 for name, day in gold.items() if found[name] and found[name] != day)
    missed = sum(1 for name, day in gold.items() if day and not found[name])
    none = sum(1 for name, day in gold.items() if not day and not found[name])
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    f1 = 2 * precision * recall / (precision + recall)
    return {"precision": precision, "recall": recall, "accuracy": (right + none) / len(gold), "f1": f1}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)


def plain(page: str) -> str:
    parser = _Text()
    parser.feed(page)
    return " ".join(parser.parts)


def our_text(page: bytes, url: str) -> str:
    return html.extract(decode(page, html=True))["text"]


def their_text(page: bytes, url: str) -> str:
    return trafilatura.extract(page, url=url, include_comments=False) or ""


def our_dates(pages: dict[str, bytes]) -> dict[str, str]:
    """The way an article goes: the page read, then its date decided from all that was found."""
    rows = [
        {"doc_id": name, "file": name, **html.extract(decode(page, html=True)), "date_column": ""}
        for name, page in pages.items()
    ]
    table = add_language(pd.DataFrame(rows))
    dated, _ = date_articles(table, table, today=date(2021, 1, 1))
    return dict(zip(dated["doc_id"], dated["date"].where(dated["date_precision"] == "day", ""), strict=True))


def their_dates(pages: dict[str, bytes]) -> dict[str, str]:
    return {name: htmldate.find_date(page, original_date=True) or "" for name, page in pages.items()}


PUBLISHED = {  # F1 of shingles, article-extraction-benchmark's README; token F1 measured with readability-lxml 0.9
    "news pages, main text": {"newspaper4k (in print)": 0.949, "Readability.js (in print)": 0.947, "jusText (in print)": 0.804},
    "Readability pages, main text": {"readability-lxml (measured earlier)": 0.968},
}  # fmt: skip


def side_by_side(case: str, n: int, sides: dict[str, Callable[[], dict[str, float]]], rounds: int) -> None:
    """Each side in turn, round after round: its scores (the same each round) and its processor time."""
    for repetition in range(rounds):
        for side, work in list(sides.items())[:: 1 if repetition % 2 == 0 else -1]:
            trafilatura.meta.reset_caches()  # what one side has looked up is no help to the next
            htmldate.meta.reset_caches()
            start = time.process_time()
            found = work()
            spent = time.process_time() - start
            record("corpus_html", f"{n} {case}", side, "processor time", spent, "s", repetition)
            if repetition == 0:
                said = " ".join(f"{measure} {value:.3f}" for measure, value in found.items())
                print(f"{n} {case:30s} {side:12s} {said}   ({spent:.1f} s of processor)", flush=True)
                for measure, value in found.items():
                    record("corpus_html", f"{n} {case}", side, measure, value, "")
    for side, value in PUBLISHED.get(case, {}).items():
        record("corpus_html", f"{n} {case}", side, "f1", value, "", published=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--pages", type=int, help="only the first N of each set")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as unpacked:
        for archive in sorted(given.folder.glob("*.tar.xz")):
            with tarfile.open(archive) as tar:
                tar.extractall(Path(unpacked, archive.name), filter="data")
        main_text(Path(unpacked), given.rounds, given.pages)
        readability(Path(unpacked), given.rounds, given.pages)
        dates(Path(unpacked), given.rounds, given.pages)


def main_text(unpacked: Path, rounds: int, most: int | None) -> None:
    news = next(unpacked.glob("article-extraction*"))
    gold = json.loads((news / "ground-truth.json").read_text(encoding="utf-8"))
    pages = [
        (gzip.decompress((news / "html" / f"{name}.html.gz").read_bytes()), g.get("url", ""), g["articleBody"])
        for name, g in list(gold.items())[:most]
    ]
    sides = {"topics": lambda: text_scores(pages, our_text), "trafilatura": lambda: text_scores(pages, their_text)}
    side_by_side("news pages, main text", len(pages), sides, rounds)


def readability(unpacked: Path, rounds: int, most: int | None) -> None:
    paths = sorted(next(unpacked.glob("mozilla*")).glob("test/test-pages/*/source.html"))[:most]
    cases = [(p.read_bytes(), plain((p.parent / "expected.html").read_text(encoding="utf-8"))) for p in paths]

    def mean(extract: Callable[[bytes, str], str]) -> dict[str, float]:
        return {"f1": sum(token_f1(extract(page, ""), gold) for page, gold in cases) / len(cases)}

    sides = {"topics": lambda: mean(our_text), "trafilatura": lambda: mean(their_text)}
    side_by_side("Readability pages, main text", len(cases), sides, rounds)


def dates(unpacked: Path, rounds: int, most: int | None) -> None:
    dated = next(unpacked.glob("htmldate*"))
    truth = list(json.loads((dated / "tests/eval_mediacloud_2020.json").read_text(encoding="utf-8")).values())[:most]
    gold = {e["file"]: e["date"] if isinstance(e["date"], str) else "" for e in truth}
    bodies = {name: (dated / "tests/test_set" / name).read_bytes() for name in gold}
    sides = {
        "topics": lambda: date_scores(gold, our_dates(bodies)),
        "htmldate": lambda: date_scores(gold, their_dates(bodies)),
    }
    side_by_side("news pages, dates", len(bodies), sides, rounds)


if __name__ == "__main__":
    main()
