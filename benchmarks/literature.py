"""The corpora and settings of published tables: coherence, diversity, and agreement with labels, beside what is in print.

    python benchmarks/literature.py CORPORA [--quick] [--only CORPUS …] [--sides SIDE …] [--seeds 0 21 42 1 2]

BBC News, DBLP and M10 as OCTIS prepared them, 20 Newsgroups (the posts at hand, cut to OCTIS's vocabulary), AG News (its test part), and as degenerate cases
SearchSnippets (8 classes) and GoogleNews (152 classes of titles). Published: Grootendorst 2022 (arXiv 2203.05794, tables 1 and 2: the mean of three runs at each of 10, 20,
30, 40 and 50 topics; the same here) and PeerJ Computer Science 11:e2723 (2025), table 3 (topics = classes). Coherence is c_npmi (window 10) and c_v (110) of ten
words over the same corpus, diversity the share of different words among them; labels are compared with each article's largest topic: NMI (arithmetic mean) and purity.
Whole corpus, no article held out. Seeds after the third are for fits of less than ten seconds. "gensim, as in print" has OCTIS's defaults (one pass); our coherence of those fits must give the printed figures, and says by how much it does not.
"""

from __future__ import annotations

import argparse
import csv
import importlib.util
import io
import json
import lzma
import re
import tarfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from record import record
from stopwordsiso import stopwords

from topics.models import lda, scores
from topics.words.counts import Counts

GRID = (10, 20, 30, 40, 50)
TABLES = "Grootendorst 2022"
IN_PRINT = {  # mean of 10 to 50 topics, three runs each: c_npmi, diversity
    "BBC News": {"LDA": (0.014, 0.577), "NMF": (0.012, 0.549), "Top2Vec": (0.171, 0.792), "CTM": (0.094, 0.819), "BERTopic-MPNET": (0.167, 0.794)},
    "20 Newsgroups": {"LDA": (0.058, 0.749), "NMF": (0.089, 0.663), "Top2Vec": (0.192, 0.823), "CTM": (0.096, 0.886), "BERTopic-MPNET": (0.166, 0.851)},
}  # fmt: skip
LABELS_IN_PRINT = {"BBC News": {"LDA": 0.727, "NMF": 0.812, "K-Means": 0.751}}  # PeerJ CS 11:e2723, NMI
RUNS_IN_PRINT = {  # LDA on BBC News by (topics, seed): c_npmi, diversity; the repository of Grootendorst 2022
    (10, 0): (0.0473, 0.700), (10, 21): (0.0195, 0.690), (10, 42): (0.0248, 0.630), (20, 0): (0.0138, 0.600), (20, 21): (0.0193, 0.580),
    (20, 42): (0.0216, 0.605), (30, 0): (0.0007, 0.557), (30, 21): (0.0096, 0.540), (30, 42): (0.0137, 0.587), (40, 0): (-0.0017, 0.532),
    (40, 21): (0.0116, 0.547), (40, 42): (0.0138, 0.545), (50, 0): (-0.0059, 0.514), (50, 21): (0.0080, 0.522), (50, 42): (0.0143, 0.512),
}  # fmt: skip


class Corpus(NamedTuple):
    name: str
    texts: list[list[str]]
    labels: list[str]


# --- corpora ----------------------------------------------------------------------------------------------------------------


def corpora(folder: Path) -> dict[str, Callable[[], Corpus]]:
    """How each corpus is read, by name."""
    return {
        "BBC News": lambda: octis(folder, "BBC News", "octis/BBC_News/corpus.tsv"),
        "20 Newsgroups": lambda: newsgroups(folder),
        "DBLP": lambda: octis(folder, "DBLP", "octis/DBLP/corpus.tsv"),
        "M10": lambda: octis(folder, "M10", "octis/M10/corpus.tsv"),
        "AG News": lambda: ag_news(folder),
        "SearchSnippets (short texts)": lambda: short(folder, "SearchSnippets"),
        "GoogleNews (152 classes of titles)": lambda: short(folder, "GoogleNews"),
    }


def member(folder: Path, name: str) -> str:
    with tarfile.open(folder / "labelled" / "octis_agnews_sttm.tar.xz") as archive:
        file = archive.extractfile(name)
        assert file is not None
        return file.read().decode("utf-8", errors="replace")


def octis(folder: Path, name: str, path: str) -> Corpus:
    rows = [line.split("\t") for line in member(folder, path).splitlines()]
    return Corpus(name, [row[0].split() for row in rows], [row[2] for row in rows])


def newsgroups(folder: Path) -> Corpus:
    vocabulary = set(member(folder, "octis/20NewsGroup/vocabulary.txt").split())
    with lzma.open(folder / "labelled" / "20newsgroups-train.jsonl.xz", "rt", encoding="utf-8") as lines:
        posts = [json.loads(line) for line in lines]
    return Corpus(
        "20 Newsgroups",
        [[w for w in post["Text"].split() if w in vocabulary] for post in posts],
        [post["Category"] for post in posts],
    )


def ag_news(folder: Path) -> Corpus:
    stop = set(stopwords("en"))
    rows = list(csv.reader(io.StringIO(member(folder, "agnews/test.csv"))))
    words = [re.findall(r"[a-z]{3,}", re.sub(r"#\d+;|\\", " ", f"{row[1]} {row[2]}".lower())) for row in rows]
    return Corpus(
        "AG News", frequent([[w for w in text if w not in stop] for text in words], 5), [row[0] for row in rows]
    )


def short(folder: Path, name: str) -> Corpus:
    label = f"sttm/{name}_{'LABEL' if name == 'GoogleNews' else 'label'}.txt"
    texts = [line.split() for line in member(folder, f"sttm/{name}.txt").splitlines()]
    return Corpus(name, frequent(texts, 3), member(folder, label).split("\n")[: len(texts)])


def frequent(texts: list[list[str]], least: int) -> list[list[str]]:
    """Words of fewer than `least` texts left out."""
    n = pd.Series([word for text in texts for word in set(text)]).value_counts()
    known = set(n.index[n >= least])
    return [[word for word in text if word in known] for text in texts]


def counted(corpus: Corpus) -> tuple[Counts, list[np.ndarray]]:
    """Counts over sorted terms, and each text as numbers of terms."""
    terms = np.array(sorted({word for text in corpus.texts for word in text}))
    column = {word: i for i, word in enumerate(terms.tolist())}
    numbers = [np.array([column[word] for word in text], np.int64) for text in corpus.texts]
    rows = np.repeat(np.arange(len(numbers)), [len(text) for text in numbers])
    matrix = sp.csr_matrix((np.ones(len(rows), np.int32), (rows, np.concatenate(numbers))), (len(numbers), len(terms)))
    matrix.sum_duplicates()
    ids = np.array([f"{i:06d}" for i in range(len(numbers))])
    return Counts(ids, terms, matrix, np.arange(len(numbers), dtype=np.int32)), numbers


# --- sides: each gives the topics' weights of terms and the articles' weights of topics ---------------------------------------


def ours(counts: Counts, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    model = lda.fit(counts, n_topics=k, seed=seed)
    return model.topic_term, model.doc_topic


def gensim(counts: Counts, k: int, seed: int, **more: object) -> tuple[np.ndarray, np.ndarray]:
    """gensim's defaults (one pass, perplexity looked at every tenth update, which draws chance too) unless said otherwise.

    Term numbers are in the order in which gensim's own Dictionary meets words: another order is another fit.
    """
    from gensim.corpora import Dictionary
    from gensim.models import LdaModel

    dictionary = Dictionary(counts.texts)  # type: ignore[attr-defined]
    bags = [dictionary.doc2bow(text) for text in counts.texts]  # type: ignore[attr-defined]
    model = LdaModel(bags, id2word=dictionary, num_topics=k, random_state=seed, **more)
    columns = [dictionary.token2id[term] for term in counts.terms]
    return model.get_topics()[:, columns], model.inference(bags)[0]


def tomotopy(counts: Counts, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    import tomotopy as tp

    model = tp.LDAModel(k=k, seed=seed)
    for text in counts.texts:  # type: ignore[attr-defined]
        model.add_doc(text or [counts.terms[0]])
    model.train(lda.default_sweeps(int(counts.matrix.sum())), workers=1)
    columns = np.searchsorted(counts.terms, list(model.used_vocabs))
    topic_term = np.zeros((k, len(counts.terms)))
    topic_term[:, columns] = [model.get_topic_word_dist(topic) for topic in range(k)]
    return topic_term, np.array([doc.get_topic_dist() for doc in model.docs])


def nmf(counts: Counts, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.decomposition import NMF
    from sklearn.feature_extraction.text import TfidfTransformer

    model = NMF(k, init="nndsvda", random_state=seed, max_iter=300)
    weights = model.fit_transform(TfidfTransformer().fit_transform(counts.matrix))
    return model.components_, weights


AS_IN_PRINT = "gensim, as in print"
SIDES: dict[str, Callable[[Counts, int, int], tuple[np.ndarray, np.ndarray]]] = {
    "topics": ours,
    AS_IN_PRINT: lambda counts, k, seed: gensim(counts, k, seed),
    "gensim, ten passes, learned priors": lambda counts, k, seed: gensim(
        counts, k, seed, passes=10, alpha="auto", eta="auto", eval_every=None
    ),
    "tomotopy": tomotopy,
    "scikit-learn NMF of tf-idf": nmf,
}
NEEDS = {"tomotopy": "tomotopy", "scikit-learn NMF of tf-idf": "sklearn"}


# --- measuring --------------------------------------------------------------------------------------------------------------


def measured(counts: Counts, numbers: list[np.ndarray], topic_term: np.ndarray) -> dict[str, float]:
    """Coherence and diversity of ten words a topic, by our own code."""
    top = np.argsort(-topic_term, axis=1, kind="stable")[:, :10]
    starts = np.cumsum([0, *map(len, numbers)])
    windows = scores.count_windows(np.concatenate(numbers), starts, top.ravel(), sizes=(110, 10))
    found = {measure: float(scores.coherence(top, windows, measure).mean()) for measure in ("c_npmi", "c_v")}
    return found | {"diversity": len(np.unique(top)) / top.size}


def agreement(found: np.ndarray, labels: list[str]) -> dict[str, float]:
    """Normalised mutual information (over the mean of the entropies) and purity.

    >>> agreement(np.array([0, 0, 1, 1]), ["a", "a", "b", "b"])
    {'nmi': 1.0, 'purity': 1.0}
    """
    table = pd.crosstab(found, np.array(labels)).to_numpy()
    p = table / table.sum()
    by_topic, by_label = p.sum(axis=1), p.sum(axis=0)
    mutual = float((p[p > 0] * np.log((p / np.outer(by_topic, by_label))[p > 0])).sum())
    entropy = [-float((q[q > 0] * np.log(q[q > 0])).sum()) for q in (by_topic, by_label)]
    return {
        "nmi": mutual / (sum(entropy) / 2) if sum(entropy) else 0.0,
        "purity": float(table.max(axis=1).sum() / table.sum()),
    }


def compare(corpus: Corpus, grid: tuple[int, ...], sides: list[str], seeds: list[int], case: str) -> None:
    """Every side at every count with every seed; a figure of a seed is the mean over the counts."""
    of_classes = grid == (len(set(corpus.labels)),)
    counts, numbers = counted(corpus)
    object.__setattr__(counts, "texts", corpus.texts)  # for tools that take words
    apart: list[float] = []
    slow: set[str] = set()
    for i, seed in enumerate(seeds):
        for side in sides:
            if i >= 3 and side in slow:
                continue
            found, spent = [], 0.0
            for k in grid:
                started = time.process_time()
                topic_term, doc_topic = SIDES[side](counts, k, seed)
                spent += time.process_time() - started
                row = measured(counts, numbers, topic_term)
                if of_classes:
                    row |= agreement(doc_topic.argmax(axis=1), corpus.labels)
                if side == AS_IN_PRINT and corpus.name == "BBC News" and (k, seed) in RUNS_IN_PRINT:
                    printed = RUNS_IN_PRINT[k, seed]
                    apart += [abs(row["c_npmi"] - printed[0]), abs(row["diversity"] - printed[1])]
                found.append(row)
            slow |= {side} if spent > 10 * len(grid) else set()
            means = pd.DataFrame(found).mean()
            print(
                f"{case:42s} seed {seed:3d} {side:36s} {' '.join(f'{key} {value:.3f}' for key, value in means.items())}  {spent:.1f} s",
                flush=True,
            )
            for measure, value in means.items():
                record("literature", case, side, str(measure), value, "", 0, seed=seed)
            record("literature", case, side, "processor time", spent, "s", 0, seed=seed)
    if apart:
        print(
            f"largest difference of our coherence and diversity from the {len(apart)} printed figures: {max(apart):.5f}"
        )
        case_of_print = f"{case}: our coherence of gensim's fits"
        record("literature", case_of_print, "topics", "largest difference to print", max(apart), "")
    if not of_classes:
        for model, (npmi, diversity) in IN_PRINT.get(corpus.name, {}).items():
            record("literature", case, f"{model} ({TABLES})", "c_npmi", npmi, "", published=True)
            record("literature", case, f"{model} ({TABLES})", "diversity", diversity, "", published=True)
    else:
        for model, nmi in LABELS_IN_PRINT.get(corpus.name, {}).items():
            record("literature", case, f"{model} (PeerJ CS 2025)", "nmi", nmi, "", published=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", type=Path)
    parser.add_argument("--quick", action="store_true", help="BBC News alone, one seed, 10 topics and its classes")
    parser.add_argument("--only", nargs="+", default=[], help="corpora, by the beginning of their names")
    parser.add_argument("--sides", nargs="+", default=list(SIDES), help="by the beginning of their names")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 21, 42, 1, 2])
    given = parser.parse_args()
    there = [side for side in SIDES if side not in NEEDS or importlib.util.find_spec(NEEDS[side])]
    for side in sorted(set(SIDES) - set(there)):
        print(f"left out: {side} is not installed")
    there = [side for side in there if side.startswith(tuple(given.sides))]
    lda.fit(lda.example_counts(), n_topics=2, seed=1, sweeps=4, samples=1)  # compile
    for name, read in corpora(given.corpora).items():
        if (given.quick and name != "BBC News") or (given.only and not name.startswith(tuple(given.only))):
            continue
        corpus = read()
        seeds = given.seeds[:1] if given.quick else given.seeds
        classes = len(set(corpus.labels))
        of_print = [side for side in there if not side.startswith("gensim, ten")]
        sides = of_print if given.quick else there
        compare(corpus, (classes,), sides, seeds, f"{name}, {classes} topics (its classes)")
        if name in IN_PRINT:
            grid = GRID[:1] if given.quick else GRID
            compare(corpus, grid, of_print, seeds, f"{name}, mean over {', '.join(map(str, grid))} topics")


if __name__ == "__main__":
    main()
