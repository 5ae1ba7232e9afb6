"""Main text and publication dates of HTML pages, ours beside trafilatura and htmldate called plainly.

    python benchmarks/corpus_html.py FOLDER      where FOLDER holds the three archives of gold pages

Text: the article extraction benchmark's own measure, precision, recall and F1 over shingles of four words, each page
with the same weight; and token F1 on the Readability test pages. Dates: htmldate's own measure on its 200 news pages.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import htmldate
import pandas as pd
import trafilatura

from topics.corpus import html
from topics.corpus.dates import date_articles
from topics.corpus.encoding import decode


def shingles(text: str) -> Counter[tuple[str, ...]]:
    words = re.findall(r"\w+", text or "")
    return Counter(tuple(words[i : i + 4]) for i in range(max(1, len(words) - 3))) if words else Counter()


def text_scores(
    pages: list[tuple[bytes, str, str]], extract: Callable[[bytes, str], str]
) -> tuple[float, float, float]:
    """Mean precision and recall over pages, and the F1 of the two means."""
    precisions, recalls = [], []
    for page, url, gold in pages:
        true, found = shingles(gold), shingles(extract(page, url))
        hit = sum((true & found).values())
        precisions.append(hit / sum(found.values()) if found else 0.0)
        recalls.append(hit / sum(true.values()) if true else 1.0)
    precision, recall = sum(precisions) / len(pages), sum(recalls) / len(pages)
    return precision, recall, 2 * precision * recall / (precision + recall)


def token_f1(a: str, b: str) -> float:
    one, other = Counter(re.findall(r"\w+", a.lower())), Counter(re.findall(r"\w+", b.lower()))
    shared = sum((one & other).values())
    return 2 * shared / (sum(one.values()) + sum(other.values())) if shared else 0.0


def date_scores(gold: dict[str, str], found: dict[str, str]) -> str:
    """htmldate's counts: right, wrong, missed, rightly none."""
    right = sum(1 for name, day in gold.items() if day and found[name] == day)
    wrong = sum(1 for name, day in gold.items() if found[name] and found[name] != day)
    missed = sum(1 for name, day in gold.items() if day and not found[name])
    none = sum(1 for name, day in gold.items() if not day and not found[name])
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    return f"P {precision:.3f} R {recall:.3f} accuracy {(right + none) / len(gold):.3f} F {2 * precision * recall / (precision + recall):.3f}"


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
    return html.extract(decode(page, html=True), url)["text"]


def their_text(page: bytes, url: str) -> str:
    return trafilatura.extract(page, url=url, include_comments=False) or ""


def our_dates(pages: dict[str, bytes]) -> dict[str, str]:
    """The way an article goes: the page read, then its date decided from all that was found."""
    rows = [
        {"doc_id": name, "file": name, **html.extract(decode(page, html=True)), "date_column": ""}
        for name, page in pages.items()
    ]
    table = pd.DataFrame(rows)
    dated, _ = date_articles(table, table, today=date(2021, 1, 1))
    return dict(zip(dated["doc_id"], dated["date"].where(dated["date_precision"] == "day", ""), strict=True))


def their_dates(pages: dict[str, bytes]) -> dict[str, str]:
    return {name: htmldate.find_date(page, original_date=True) or "" for name, page in pages.items()}


def timed(name: str, work: Callable[[], str]) -> None:
    start = time.process_time()
    print(f"{name:<28} {work()}   ({time.process_time() - start:.1f} s of processor)", flush=True)


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as unpacked:
        for archive in sorted(folder.glob("*.tar.xz")):
            with tarfile.open(archive) as tar:
                tar.extractall(Path(unpacked, archive.name), filter="data")
        news = next(Path(unpacked).glob("article-extraction*"))
        gold = json.loads((news / "ground-truth.json").read_text(encoding="utf-8"))
        pages = [
            (gzip.decompress((news / "html" / f"{name}.html.gz").read_bytes()), g.get("url", ""), g["articleBody"])
            for name, g in gold.items()
        ]
        print(f"{len(pages)} news pages, shingles of four words")
        for name, extract in (("ours", our_text), ("trafilatura", their_text)):
            timed(name, lambda extract=extract: "P {:.3f} R {:.3f} F1 {:.3f}".format(*text_scores(pages, extract)))  # type: ignore[misc]
        readability = next(Path(unpacked).glob("mozilla*"))
        cases = [(p.parent, p.read_bytes()) for p in sorted(readability.glob("test/test-pages/*/source.html"))]
        print(f"{len(cases)} Readability pages, tokens")
        for name, extract in (("ours", our_text), ("trafilatura", their_text)):
            timed(
                name,
                lambda extract=extract: "mean F1 {:.3f}".format(
                    sum(
                        token_f1(extract(page, ""), plain((at / "expected.html").read_text(encoding="utf-8")))
                        for at, page in cases
                    )
                    / len(cases)
                ),
            )  # type: ignore[misc]
        dated = next(Path(unpacked).glob("htmldate*"))
        truth = json.loads((dated / "tests/eval_mediacloud_2020.json").read_text(encoding="utf-8"))
        dates = {e["file"]: e["date"] if isinstance(e["date"], str) else "" for e in truth.values()}
        bodies = {name: (dated / "tests/test_set" / name).read_bytes() for name in dates}
        print(f"{len(bodies)} news pages with their dates")
        for name, find in (("ours", our_dates), ("htmldate", their_dates)):
            timed(name, lambda find=find: date_scores(dates, find(bodies)))  # type: ignore[misc]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
