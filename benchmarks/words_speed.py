"""From clean text to counts on the news corpus beside the plain chain, in turn, ROUNDS times (5), on one core and on two.

    python benchmarks/words_speed.py ../shared/corpora/dated/NewsArticles.zip [ROUNDS [ARTICLES]]

The plain chain is nltk `NLTKWordTokenizer`, simplemma on each token, gensim `Phrases` (npmi; once, so that it finds phrases of two words) and
`Dictionary`. Ours finds phrases of two to four words and keeps offsets, sentences, concepts, places and what was dropped. Then: 1,000 concepts of
three ways of writing each, long words and very short ones, beside tokenising; phrases beside gensim's on the same sentences, two passes each; and the
contexts of words, phrases, concepts, wildcards and free text.
"""

from __future__ import annotations

import os
import resource
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from gensim.corpora import Dictionary
from gensim.models.phrases import Phrases
from nltk.tokenize import NLTKWordTokenizer
from record import record
from simplemma import lemmatize

from topics.tokens import token_table
from topics.trends.contexts import contexts
from topics.words.concepts import find, patterns, read_concepts
from topics.words.counts import prepare
from topics.words.phrases import Stream, learn_phrases

LOOKED_UP = {
    "word": ["said", "people", "Trump", "economy"],
    "phrase": ["White House", "climate change"],
    "concept": ["artificial intelligence", "Vietnam"],
    "wildcard": ["econom*", "*tech", "united stat*"],
    "free text": ["he told reporters", "prime minister of"],
    "stop word": ["the"],
}


@contextmanager
def timed(case: str, side: str, repetition: int, **more: int) -> Iterator[None]:
    """Time of the clock and of the processor, in this process and in all that it has waited for."""
    cpu, clock = used(), time.perf_counter()
    yield
    spent = {"processor time": used() - cpu, "wall time": time.perf_counter() - clock}
    for measure, value in spent.items():
        record("words_speed", case, side, measure, value, "s", repetition, **more)
    said = "  ".join(f"{measure} {value:6.2f} s" for measure, value in spent.items())
    print(f"{case:45s} {side:35s} {said}  {more or ''}", flush=True)


def used() -> float:
    return sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


@contextmanager
def cores(n: int) -> Iterator[Callable[..., Iterable]]:
    """A `map` over `n` threads on as many cores, where the system can be told."""
    held = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
    if held:
        os.sched_setaffinity(0, sorted(held)[:n])
    try:
        with ThreadPoolExecutor(n) as pool:
            yield pool.map if n > 1 else map
    finally:
        if held:
            os.sched_setaffinity(0, held)


def plain_chain(texts: list[str]) -> None:
    tokenizer = NLTKWordTokenizer()
    docs = [[lemmatize(token, lang="en").lower() for token in tokenizer.tokenize(text)] for text in texts]
    phrases = Phrases(docs, min_count=5, threshold=0.5, scoring="npmi")
    docs = [phrases[doc] for doc in docs]
    dictionary = Dictionary(docs)
    dictionary.filter_extremes(no_below=5, no_above=0.5)
    [dictionary.doc2bow(doc) for doc in docs]


def text_to_counts(articles: pd.DataFrame, concepts: pd.DataFrame, repetition: int) -> None:
    for n in (1, 2):
        with cores(n) as many:
            with timed("clean text to counts", "topics", repetition, cores=n):
                prepare(articles, concepts=concepts, map=many)
            with timed("clean text to counts", "nltk, simplemma, gensim", repetition, cores=n):
                plain_chain(articles["text"].tolist())


def ways_of(tokens: pd.DataFrame, forms: list[str], shortest: int, longest: int) -> pd.DataFrame:
    """1,000 concepts of three ways of writing: the commonest words of such a length, pairs of such words, and pairs with a wildcard."""
    form = tokens["form"].to_numpy()
    fit = np.array([shortest <= len(word) <= longest and word.isalpha() for word in forms])
    both = fit[form[:-1]] & fit[form[1:]]
    pairs = Counter(zip(form[:-1][both].tolist(), form[1:][both].tolist(), strict=True)).most_common(2000)
    common = [forms[code] for code in np.argsort(-np.bincount(form) * fit)[:1000]]
    ways = {}
    for i, (((a, b), _), ((c, d), _)) in enumerate(zip(pairs[::2], pairs[1::2], strict=True)):
        ways[f"concept {i}"] = [common[i], f"{forms[a]} {forms[b]}", f"{forms[c]} {forms[d][:4]}*"]
    return patterns(ways, "concept")


def concepts_beside_tokenising(texts: list[str], repetition: int) -> None:
    tokens, forms = token_table(texts)
    for case, lengths in (
        ("1,000 concepts, five letters and more", (5, 99)),
        ("1,000 concepts, four letters and less", (1, 4)),
    ):
        table = ways_of(tokens, forms, *lengths)
        with timed(case, "topics", repetition):
            find(tokens, forms, table)
        with timed(case, "tokenising", repetition):
            token_table(texts)
        with timed(case, "tokenising, nltk", repetition):
            [NLTKWordTokenizer().tokenize(text) for text in texts]


def phrases_beside_gensim(texts: list[str], repetition: int) -> None:
    tokens, forms = token_table(texts)
    form, doc = tokens["form"].to_numpy().astype(np.int64), tokens["doc"].to_numpy()
    docs = [[forms[code] for code in part] for part in np.split(form, np.flatnonzero(np.diff(doc)) + 1)]
    ones = np.ones(len(form), np.int64)
    for scoring, threshold in (("npmi", 0.5), ("default", 10.0)):
        case = f"phrases, two passes, {scoring}"
        with timed(case, "topics", repetition):
            stream = Stream(form, np.arange(len(form)), ones, doc, ones.astype(bool), doc)
            learn_phrases(stream, forms, scoring=scoring, threshold=threshold, min_docs=1, max_words=99)
        with timed(case, "gensim", repetition):
            joined: list[list[str]] = docs
            for _ in range(2):
                phrases = Phrases(joined, min_count=5, threshold=threshold, scoring=scoring)
                joined = [phrases[sentence] for sentence in joined]


def look_up(words: dict, articles: pd.DataFrame, repetition: int) -> None:
    for kind, names in LOOKED_UP.items():
        for name in names:
            with timed(f"contexts of a {kind}: {name}", "topics", repetition):
                contexts(words, articles, name)


def main() -> None:
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with zipfile.ZipFile(Path(sys.argv[1])) as archive, archive.open("NewsArticles.csv") as file:
        table = pd.read_csv(file, encoding_errors="replace").head(int(sys.argv[3]) if len(sys.argv) > 3 else 10**9)
    texts, dates = table["text"].fillna("").tolist(), table["publish_date"].str.slice(0, 10)
    articles = pd.DataFrame(
        {"doc_id": [f"{i:05d}" for i in range(len(texts))], "text": texts, "date": dates, "source": None}
    )
    concepts = read_concepts(Path(__file__).parent.parent / "data" / "concepts.yml")
    print(f"{len(texts):,} articles, {sum(map(len, texts)):,} characters")
    words = prepare(articles, concepts=concepts)
    for repetition in range(rounds):
        text_to_counts(articles, concepts, repetition)
        concepts_beside_tokenising(texts, repetition)
        phrases_beside_gensim(texts, repetition)
        look_up(words, articles, repetition)


if __name__ == "__main__":
    main()
