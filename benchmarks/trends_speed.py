"""Time of 500 keywords and a screen of the whole vocabulary on the news corpus.

    python benchmarks/trends_speed.py [NewsArticles.zip] [--repeats N]

Keywords are the 500 words in most articles after the first 100. Wall and processor time of each step, medians of the repeats;
counting the words is not part of it.
"""

from __future__ import annotations

import argparse
import re
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
from record import record
from scipy import sparse

from topics.trends import bursts, keyness, keywords, periods

NEWS = Path(__file__).parents[1] / "../shared/corpora/dated/NewsArticles.zip"


def read(path: Path) -> tuple[pd.DataFrame, sparse.csr_matrix, np.ndarray]:
    """Dated articles of the news corpus, their counts and the words that stand in five articles or more."""
    with zipfile.ZipFile(path).open("NewsArticles.csv") as file:
        raw = pd.read_csv(file, dtype=str, encoding_errors="replace").fillna("")
    date = pd.to_datetime(raw["publish_date"], errors="coerce").dt.strftime("%Y-%m-%d")
    counted = [Counter(re.findall(r"[^\W\d_]{2,}", text.lower())) for text in raw["text"]]
    articles = pd.DataFrame(
        {
            "doc_id": raw["article_id"],
            "date": date,
            "date_precision": "day",
            "source": raw["article_source_link"].str.extract(r"https?://([^/]+)")[0],
            "n_words": [sum(counts.values()) for counts in counted],
        }
    )
    kept = (articles["date"].notna() & (articles["n_words"] > 0)).to_numpy()
    order = np.flatnonzero(kept)[np.argsort(articles.loc[kept, "doc_id"].to_numpy(), kind="stable")]
    frequency = Counter(word for i in order for word in counted[i])
    terms = np.array(sorted(word for word, n in frequency.items() if n >= 5))
    column = {word: i for i, word in enumerate(terms)}
    entries = [
        (row, column[word], n) for row, i in enumerate(order) for word, n in counted[i].items() if word in column
    ]
    rows, columns, numbers = zip(*entries, strict=True)
    counts = sparse.csr_matrix((numbers, (rows, columns)), (len(order), len(terms)))
    return articles.iloc[order].reset_index(drop=True), counts, terms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("news", nargs="?", type=Path, default=NEWS)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    articles, counts, terms = read(options.news)
    frequent = np.sort(np.argsort(-counts.getnnz(axis=0), kind="stable")[100:600])
    mentions, names, kinds = counts[:, frequent], terms[frequent], ["keyword"] * 500
    print(f"{len(articles)} articles, {len(terms)} terms, {len(frequent)} keywords")
    times: dict[str, list[tuple[float, float]]] = {}

    def tell(step: str, wall: float, processor: float) -> None:
        times.setdefault(step, []).append((wall, processor))
        for measure, spent in (("wall time", wall), ("processor time", processor)):
            case = f"news, 500 keywords and a screen: {step}"
            record("trends_speed", case, "topics", measure, spent, "s", len(times[step]) - 1)

    def timed(step, function, *arguments, **more):
        began = time.perf_counter(), time.process_time()
        result = function(*arguments, **more)
        tell(step, time.perf_counter() - began[0], time.process_time() - began[1])
        return result

    for repetition in range(options.repeats):
        length, _why = periods.choose_length(articles)
        placed = periods.place(articles, length)
        calendar = periods.calendar(placed, length)
        series = timed("series", keywords.keyword_series, placed, calendar, length, mentions, names, kinds)
        trends = timed("trends", keywords.keyword_trends, placed, calendar, length, mentions, names, kinds)
        known = dict(zip(trends["name"], trends["correlation"], strict=True))
        timed("bursts", bursts.bursts, series, calendar, known)
        half = keyness.halves(placed, articles["date"])
        block, _ = keyness.time_blocks(placed, articles["date"], half)
        source = articles["source"].to_numpy()
        timed("screen", keyness.keyness, counts, terms, half, block, ("early", "late"), source=source)
        steps = [taken[repetition] for step, taken in times.items() if step != "together"]
        tell("together", sum(wall for wall, _ in steps), sum(processor for _, processor in steps))
    for step, taken in times.items():
        wall, processor = np.median(np.array(taken), axis=0)
        print(f"{step:8s} {wall:6.2f} s   processor {processor:6.2f} s")


if __name__ == "__main__":
    main()
