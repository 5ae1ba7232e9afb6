"""From clean text to counts on the news corpus: this project beside the plain chain, one after the other, ROUNDS times (3).

    python benchmarks/words_speed.py ../shared/corpora/dated/NewsArticles.zip [ROUNDS]

The plain chain is nltk `NLTKWordTokenizer`, simplemma on each token, gensim `Phrases` (npmi; once, and a second time
for phrases of up to four words) and `Dictionary`. Ours does the same work and keeps offsets, sentences, concepts, spans and what was
dropped. Seconds of processor (all processes) and of the clock, medians. Also: concepts, 1,000 of them, beside
tokenising; phrases beside gensim's, on the same sentences.
"""

from __future__ import annotations

import resource
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd
from gensim.corpora import Dictionary
from gensim.models.phrases import Phrases
from nltk.tokenize import NLTKWordTokenizer
from simplemma import lemmatize

from topics.tokens import token_table
from topics.words.concepts import find, patterns, read_concepts
from topics.words.counts import prepare
from topics.words.phrases import Stream, learn_phrases

TIMES: dict[str, list[tuple[float, float]]] = {}


def used() -> float:
    """Processor seconds of this process and of those that it has waited for."""
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@contextmanager
def timed(name: str) -> Iterator[None]:
    cpu, clock = used(), time.perf_counter()
    yield
    TIMES.setdefault(name, []).append((used() - cpu, time.perf_counter() - clock))
    print(f"{name}: {TIMES[name][-1][0]:.2f} {TIMES[name][-1][1]:.2f}", file=sys.stderr, flush=True)


def plain_chain(texts: list[str]) -> None:
    with timed("plain chain, phrases of two words"):
        tokenizer = NLTKWordTokenizer()
        docs = [[lemmatize(token, lang="en").lower() for token in tokenizer.tokenize(text)] for text in texts]
        phrases = Phrases(docs, min_count=5, threshold=0.5, scoring="npmi")
        docs = [phrases[doc] for doc in docs]
        dictionary = Dictionary(docs)
        dictionary.filter_extremes(no_below=5, no_above=0.5)
        [dictionary.doc2bow(doc) for doc in docs]
    with timed("plain chain, a second pass for three and four words"):
        phrases = Phrases(docs, min_count=5, threshold=0.5, scoring="npmi")
        [phrases[doc] for doc in docs]


def ours(articles: pd.DataFrame, concepts: pd.DataFrame) -> None:
    with timed("ours, one process"):
        prepare(articles, concepts=concepts)
    with timed("ours, two processes"), ProcessPoolExecutor(2) as pool:
        prepare(articles, concepts=concepts, map=pool.map)


def concepts_beside_tokenising(texts: list[str]) -> None:
    """1,000 concepts of four ways of writing each: the 1,000 commonest words of five letters or more, and pairs of such words."""
    with timed("tokenising"):
        tokens, forms = token_table(texts)
    form = tokens["form"].to_numpy()
    long = np.array([len(word) >= 5 and word.isalpha() for word in forms])
    both = long[form[:-1]] & long[form[1:]]
    pairs = Counter(zip(form[:-1][both].tolist(), form[1:][both].tolist(), strict=True)).most_common(2000)
    common = [forms[code] for code in np.argsort(-np.bincount(form) * long)[:1000]]
    ways = {
        f"concept {i}": [
            common[i],
            *(f"{forms[a]} {forms[b]}" for (a, b), _ in pairs[2 * i : 2 * i + 1]),
            f"{forms[pairs[2 * i + 1][0][0]]} {forms[pairs[2 * i + 1][0][1]][:4]}*",
        ]
        for i in range(1000)
    }
    table = patterns(ways, "concept")
    with timed("1,000 concepts"):
        find(tokens, forms, table)


def phrases_beside_gensim(texts: list[str]) -> None:
    tokens, forms = token_table(texts)
    form, doc = tokens["form"].to_numpy().astype(np.int64), tokens["doc"].to_numpy()
    ends = np.flatnonzero(np.diff(doc)) + 1
    docs = [[forms[code] for code in part] for part in np.split(form, ends)]
    ones = np.ones(len(form), np.int64)
    with timed("phrases, gensim, one pass"):
        phrases = Phrases(docs, min_count=5, threshold=0.5, scoring="npmi")
        [phrases[sentence] for sentence in docs]
    with timed("phrases, ours, two passes"):
        stream = Stream(form, np.arange(len(form)), ones, doc, ones.astype(bool), doc)
        learn_phrases(stream, forms, min_docs=1)


def main() -> None:
    path = Path(sys.argv[1])
    with zipfile.ZipFile(path) as archive, archive.open("NewsArticles.csv") as file:
        texts = pd.read_csv(file, encoding_errors="replace")["text"].fillna("").tolist()
    articles = pd.DataFrame({"doc_id": [f"{i:05d}" for i in range(len(texts))], "text": texts, "source": None})
    concepts = read_concepts(Path(__file__).parent.parent / "data/concepts.yml")
    prepare(articles.head(100), concepts=concepts)
    steps: list[Callable[[], None]] = [
        lambda: plain_chain(texts),
        lambda: ours(articles, concepts),
        lambda: concepts_beside_tokenising(texts),
        lambda: phrases_beside_gensim(texts),
    ]
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    for _ in range(rounds):
        for step in steps:
            step()
    print(f"{len(texts):,} articles, {sum(map(len, texts)):,} characters, medians of {rounds}")
    for name, times in TIMES.items():
        print(f"{name:55s} processor {median(t[0] for t in times):6.2f} s   clock {median(t[1] for t in times):6.2f} s")


if __name__ == "__main__":
    main()
