"""Topic models side by side with other tools: CPU time, held-out perplexity and coherence, on one corpus.

    python benchmarks/models_peers.py CORPUS … --topics 20 50 100 --seeds 1 2 3 4 5 --sweeps 50 100 200 --slow 1
    python benchmarks/models_peers.py CORPUS … --short 100000 --topics 50 --seeds 1

CORPUS is a .zip with a CSV (columns text and, if there, title), a .jsonl.xz (field text or Text), a .csv, or a .tar.xz of Reuters-21578's SGML files. With
`--short`, so many paragraphs of all the corpora, none twice, are the articles; longer ones are cut at 80 words. Tools that are not installed are named
and left out: tomotopy, pyrmallet, topica, scikit-learn; gensim is always there. A fifth of the articles is held out. Every tool gets the same
training tokens, the same number of sweeps (gensim, scikit-learn: a tenth as many passes, without the looks at perplexity between them that gensim takes
unless told) and averages its samples where it can. tomotopy, pyrmallet and topica begin with MALLET's priors (alpha 5/K, beta .01), alpha learned from sweep 20 on
every ten; the others with what they advise for learning. Perplexity is document completion with every tool's mean topics and its document prior
in the same routine, the prior of pyrmallet, which does not tell its own, learned from its shares as ours is; of tools that give samples also from the probabilities of all samples ("over draws"),
which is lower and no part of the race. Coherence is NPMI of the ten leading words over whole held-out articles, -1 for a pair that never meets there. One line of JSON a fit, then medians. "Processor time to the same perplexity" is
the CPU time to the lowest perplexity that both tools reach, between the numbers of sweeps measured by a straight line. The variational fits take
minutes each and can be left to fewer seeds (`--slow`); a run of them alone is a case of its own. Each tool has one thread, LdaMulticore one worker beside its dispatcher.
"""

from __future__ import annotations

import argparse
import html
import importlib.util
import io
import json
import lzma
import re
import resource
import sys
import tarfile
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp
from record import record
from stopwordsiso import stopwords

from topics.models import chain, lda, scores
from topics.words.counts import Counts

CORPORA = {"NewsArticles": "news corpus", "20newsgroups-train": "20 Newsgroups"}
SAMPLES = 10  # averaged states of every fit
SPACING = 5  # sweeps between them
KEPT = 10**10  # bytes of draws: all, since perplexity is reckoned from them
LENGTHS = (20, 80)  # words of a short article, at least and at most


class Topics(NamedTuple):
    topic_term: np.ndarray
    alpha: np.ndarray
    beta: float
    draws: list[np.ndarray]


class Spent(NamedTuple):
    cpu: float  # seconds of all processors and processes
    wall: float
    memory: float  # MiB at most of this process, beyond what it held at the start


class Clock:
    """What is spent since it was made. Memory is known under Linux alone, and means something in a process that has done nothing else."""

    def __init__(self) -> None:
        if RESET.exists():
            RESET.write_text("5")  # the kernel's peak begins anew
        self.start = self.now("VmRSS")

    def read(self) -> Spent:
        return Spent(*(now - then for now, then in zip(self.now("VmHWM"), self.start, strict=True)))

    @staticmethod
    def now(memory: str) -> Spent:
        used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        held = re.search(rf"{memory}:\s+(\d+) kB", STATUS.read_text()) if STATUS.exists() else None
        mebibytes = int(held[1]) / 1024 if held else np.nan
        return Spent(sum(use.ru_utime + use.ru_stime for use in used), time.perf_counter(), mebibytes)


RESET, STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")


# --- the corpus --------------------------------------------------------------------------------------------------------


def read_texts(path: Path) -> list[str]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as folder:
            name = next(name for name in folder.namelist() if name.endswith(".csv"))
            table = pd.read_csv(io.BytesIO(folder.read(name)), encoding="utf-8", encoding_errors="replace")
    elif path.name.endswith(".jsonl.xz"):
        with lzma.open(path, "rt", encoding="utf-8") as lines:
            table = pd.DataFrame([json.loads(line) for line in lines])
    elif path.name.endswith(".tar.xz"):
        with tarfile.open(path) as folder:
            files = [folder.extractfile(member).read() for member in folder if member.name.endswith(".sgm")]  # type: ignore[union-attr]
        stories = [body for file in files for body in re.findall("<BODY>(.*?)</BODY>", file.decode("latin-1"), re.S)]
        table = pd.DataFrame({"text": [" ".join(html.unescape(story).split()) for story in stories]})
    else:
        table = pd.read_csv(path)
    table = table.rename(columns={"Text": "text"})
    table = table[table["text"].notna()].drop_duplicates("text")
    title = table["title"].fillna("") + " " if "title" in table else ""
    return (title + table["text"]).tolist()


def paragraphs(texts: list[str], n: int) -> list[str]:
    """`n` different paragraphs of texts, drawn by chance; one that is too long gives several."""
    least, most = LENGTHS
    lines = [line.split() for text in texts for line in text.split("\n")]
    pieces = [" ".join(line[at : at + most]) for line in lines for at in range(0, len(line) - least + 1, most)]
    different = np.array(sorted(piece for piece in set(pieces) if len(piece.split()) >= least))
    if len(different) < n:
        raise SystemExit(f"These corpora have {len(different):,} different paragraphs, not {n:,}.")
    return np.random.default_rng(0).permutation(different)[:n].tolist()


def tokenised(texts: list[str], min_docs: int = 5, most: float = 0.5) -> tuple[list[list[int]], np.ndarray]:
    """Texts as lists of term numbers, and the terms: plain words of three letters or more without stop words."""
    stop = set(stopwords("en"))
    words = [[w for w in re.findall(r"[a-z][a-z'-]+", text.lower()) if w not in stop and len(w) > 2] for text in texts]
    in_texts = Counter(word for text in words for word in set(text))
    terms = sorted(word for word, n in in_texts.items() if min_docs <= n <= most * len(texts))
    number = {word: i for i, word in enumerate(terms)}
    return [[number[w] for w in text if w in number] for text in words], np.array(terms)


def corpus(
    paths: list[Path], short: int | None = None, most: int | None = None
) -> tuple[str, list[list[int]], np.ndarray]:
    """What the articles are called, each as numbers of terms, and the terms; `short` of them where they are paragraphs, `most` at most."""
    raw = [text for path in paths for text in read_texts(path)][:most]
    first = paths[0].name.split(".")[0]
    name = f"{short:,} short articles" if short else CORPORA.get(first, first)
    name = f"{name}, first {most:,} articles" if most else name
    return name, *tokenised(paragraphs(raw, short) if short else raw)


def counted(texts: list[list[int]], terms: np.ndarray) -> Counts:
    rows = np.repeat(np.arange(len(texts)), [len(text) for text in texts])
    columns = np.concatenate([np.array(text, int) for text in texts])
    matrix = sp.csr_matrix((np.ones(len(rows), np.int32), (rows, columns)), shape=(len(texts), len(terms)))
    matrix.sum_duplicates()
    matrix.sort_indices()
    doc_ids = np.array([f"{i:07d}" for i in range(len(texts))])
    return Counts(doc_ids, terms, matrix, np.arange(len(texts), dtype=np.int32))


# --- the tools: each gives topics, and the CPU seconds of the fit alone ---------------------------------------------------------------


def names(train: Counts) -> list[str]:
    """A name of letters for each term: some tools take strings and split them by their own rules."""
    return ["w" + "".join(chr(97 + int(c)) for c in str(i)) for i in range(len(train.terms))]


def number(text: str) -> int:
    return int("".join(str(ord(c) - 97) for c in text[1:]))


def ours(train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int) -> tuple[Topics, Spent]:
    """What `lda.fit` gives, its short starts counted among the sweeps, all its samples kept as draws."""
    lda.DRAW_BYTES = KEPT

    def started(left: int) -> float:
        enough = lda.starting_words(train, k, left)
        return lda.FIRST * (lda.STARTS * enough / int(train.matrix.sum()) if enough else 1)

    left = next((left for left in range(sweeps, 2, -1) if left + started(left) <= sweeps), 2)
    clock = Clock()
    model = lda.fit(train, n_topics=k, seed=seed, sweeps=left, samples=SAMPLES)
    spent = clock.read()
    counts = model.draws_term.toarray().reshape(-1, k, len(train.terms)) + model.beta
    draws = list(counts / counts.sum(axis=2, keepdims=True))
    return Topics(model.topic_term, model.alpha, model.beta, draws), spent


def tomotopy(
    train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int, priors: Topics | None = None
) -> tuple[Topics, Spent]:
    import tomotopy as tp

    word = names(train)
    named = [[word[i] for i in text] for text in texts]
    clock = Clock()
    model = tp.LDAModel(k=k, seed=seed, alpha=5 / k, eta=0.01)
    if priors is not None:
        model = tp.LDAModel(k=k, seed=seed, alpha=priors.alpha.tolist(), eta=priors.beta)
    for text in named:
        if text:
            model.add_doc(text)
    model.optim_interval = 0 if priors is not None else 10
    model.burn_in = 20
    columns = None
    draws = []
    first = max(sweeps - SAMPLES * SPACING, 0)
    if first:
        model.train(first, workers=1)
    for _ in range(min(SAMPLES, sweeps // SPACING)):
        model.train(SPACING, workers=1)
        if columns is None:
            columns = [number(name) for name in model.used_vocabs]
        draw = np.full((k, len(train.terms)), 1e-12)
        draw[:, columns] = [model.get_topic_word_dist(topic) for topic in range(k)]
        draws.append(draw)
    spent = clock.read()
    return Topics(np.mean(draws, axis=0), np.asarray(model.alpha, float), float(model.eta), draws), spent


def pyrmallet(train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int) -> tuple[Topics, Spent]:
    from pyrmallet import LatentDirichletAllocation

    word = names(train)
    named = [" ".join(word[i] for i in text) for text in texts]
    clock = Clock()
    model = LatentDirichletAllocation(
        k,
        doc_topic_prior=5.0,
        max_iter=sweeps - (SAMPLES - 1) * SPACING,
        random_state=seed,
        burn_in=20,
        optimize_interval=10,
        num_samples=SAMPLES,
        sample_interval=SPACING,
        callback_interval=10**9,
    ).fit(named)
    spent = clock.read()
    topic_term = np.full((k, len(train.terms)), 1e-12)
    topic_term[:, [number(name) for name in model.feature_names_in_]] = model.components_
    topic_term /= topic_term.sum(axis=1, keepdims=True)
    return Topics(topic_term, learned_alpha(model.doc_topic_distributions_, train), 0.01, []), spent


def topica(train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int) -> tuple[Topics, Spent]:
    import topica as peer

    word = names(train)
    named = [[word[i] for i in text] for text in texts if text]
    clock = Clock()
    model = peer.LDA(k, alpha_sum=5.0, beta=0.01, optimize_interval=10, burn_in=20, seed=seed, num_threads=1)
    model.fit(
        named,
        iters=sweeps - SAMPLES * SPACING,
        num_samples=SAMPLES,
        sample_interval=SPACING,
        keep_theta_draws=False,
        progress=False,
    )
    spent = clock.read()
    topic_term = np.full((k, len(train.terms)), 1e-12)
    topic_term[:, [number(name) for name in model.vocabulary]] = model.topic_word
    topic_term /= topic_term.sum(axis=1, keepdims=True)
    alpha = np.broadcast_to(np.asarray(model.alpha, float), k).copy()
    return Topics(topic_term, alpha, float(model.beta), []), spent


def gensim(train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int) -> tuple[Topics, Spent]:
    from gensim.models import LdaModel

    bags = [list(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in train.matrix]
    terms = dict(enumerate(train.terms.tolist()))
    clock = Clock()
    model = LdaModel(
        bags, id2word=terms, num_topics=k, passes=max(sweeps // 10, 1), alpha="auto", eta="auto", random_state=seed, eval_every=None
    )  # fmt: skip
    spent = clock.read()
    return Topics(model.get_topics().astype(float), model.alpha.astype(float), float(np.mean(model.eta)), []), spent


def multicore(train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int) -> tuple[Topics, Spent]:
    from gensim.models import LdaMulticore

    bags = [list(zip(row.indices.tolist(), row.data.tolist(), strict=True)) for row in train.matrix]
    terms = dict(enumerate(train.terms.tolist()))
    passes = max(sweeps // 10, 1)
    clock = Clock()
    model = LdaMulticore(
        bags, id2word=terms, num_topics=k, workers=1, passes=passes, alpha="asymmetric", eta="auto", random_state=seed, eval_every=None
    )  # fmt: skip
    spent = clock.read()
    return Topics(model.get_topics().astype(float), model.alpha.astype(float), float(np.mean(model.eta)), []), spent


def sklearn(train: Counts, texts: list[list[int]], k: int, seed: int, sweeps: int) -> tuple[Topics, Spent]:
    from sklearn.decomposition import LatentDirichletAllocation

    clock = Clock()
    model = LatentDirichletAllocation(
        k, max_iter=max(sweeps // 10, 1), learning_method="online", random_state=seed
    ).fit(train.matrix)
    spent = clock.read()
    topic_term = model.components_ / model.components_.sum(axis=1, keepdims=True)
    return Topics(topic_term, np.full(k, 1 / k), 1 / k, []), spent


def learned_alpha(doc_topic: np.ndarray, train: Counts) -> np.ndarray:
    """The document prior that fits the shares of a tool that does not tell its own, and leaves articles without words out."""
    sizes = np.asarray(train.matrix.sum(axis=1)).ravel()
    sizes = sizes[sizes > 0]
    if len(sizes) != len(doc_topic):
        raise SystemExit(f"{len(doc_topic)} articles came back of {len(sizes)} with words")
    units = np.rint(doc_topic * sizes[:, None]).astype(int)
    alpha = np.full(doc_topic.shape[1], 5 / doc_topic.shape[1])
    for _ in range(100):
        alpha = chain.learned_alpha(units, alpha)
    return alpha


TOOLS = {"topics": ours, "tomotopy": tomotopy, "tomotopy given our priors": tomotopy, "pyrmallet": pyrmallet, "topica": topica, "gensim": gensim, "gensim LdaMulticore": multicore, "sklearn": sklearn}  # fmt: skip
SLOW = ("gensim", "gensim LdaMulticore", "sklearn")


FIGURES = (("cpu", "processor time", "s"), ("wall", "wall time", "s"), ("perplexity", "perplexity", "words"), ("over draws", "perplexity over draws", "words"), ("npmi", "npmi", "-1 to 1"), ("diversity", "diversity", "0 to 1"))  # fmt: skip


# --- measuring ----------------------------------------------------------------------------------------------------------


def measured(topics: Topics, held_out: Counts, words: np.ndarray, starts: np.ndarray) -> dict[str, float]:
    """Perplexity and NPMI on held-out articles, as counts and as `words` one after the other; diversity."""
    top = np.argsort(-topics.topic_term, axis=1, kind="stable")[:, :10]
    windows = scores.count_windows(words, starts, top.ravel(), sizes=(None,))
    found = {"perplexity": perplexity([topics.topic_term], topics.alpha, held_out)}
    if topics.draws:
        found["over draws"] = perplexity(topics.draws, topics.alpha, held_out)
    return found | {
        "npmi": round(float(np.mean(npmi(top, windows))), 4),
        "diversity": round(len(np.unique(top)) / top.size, 3),
    }


def perplexity(draws: list[np.ndarray], alpha: np.ndarray, held_out: Counts) -> float:
    """Document completion, each word's probability the mean over topics `draws`."""
    seen, hidden = scores.split(held_out.matrix, 0)
    rows = np.repeat(np.arange(hidden.shape[0]), np.diff(hidden.indptr))
    probability = np.zeros(hidden.nnz)
    for draw in draws:
        gamma = lda.infer(seen, draw, alpha, tolerance=1e-3, rounds=200)
        probability += scores.probabilities(gamma / gamma.sum(axis=1, keepdims=True), draw, rows, hidden.indices)
    found = np.exp(-(np.log(probability / len(draws)) * hidden.data).sum() / hidden.data.sum())
    return round(float(found), 1)


def npmi(top: np.ndarray, windows: scores.Windows) -> np.ndarray:
    """NPMI of pairs of leading words over whole articles; -1 for a pair that never meets."""
    alone, together, n = windows.alone[None], windows.together[None], windows.n[None]
    rows = np.searchsorted(windows.terms, top)
    joint = together[rows[:, :, None], rows[:, None, :]] / n
    each = alone[rows] / n
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(joint / (each[:, :, None] * each[:, None, :])) / -np.log(joint)
    ratio = np.where(joint > 0, ratio, -1.0)
    return ratio[:, ~np.eye(top.shape[1], dtype=bool)].mean(axis=1)


def seconds_to(level: float, curve: pd.DataFrame) -> float:
    """CPU seconds until a perplexity is reached, between the numbers of sweeps measured (straight line in perplexity)."""
    curve = curve.sort_values("cpu")
    best = np.minimum.accumulate(curve["perplexity"].to_numpy())
    if level >= best[0]:
        return float(curve["cpu"].iloc[0])
    return float(np.interp(-level, -best, curve["cpu"].to_numpy()))


def ratios(rows: pd.DataFrame, case: str) -> pd.DataFrame:
    """How many times our CPU time a tool needs to the lowest perplexity that both reach: medians over seeds, and all values."""
    found = []
    for (k, seed, tool), theirs in rows[rows["tool"] != "topics"].groupby(["n_topics", "seed", "tool"]):
        mine = rows[(rows["tool"] == "topics") & (rows["n_topics"] == k) & (rows["seed"] == seed)]
        if len(mine):
            level = max(mine["perplexity"].min(), theirs["perplexity"].min())
            spent = {tool: seconds_to(level, theirs), "topics": seconds_to(level, mine)}
            for side, seconds in spent.items():
                where = f"{case}, {k} topics: to the lowest perplexity that {tool} and topics reach"
                record("models_peers", where, side, "processor time", seconds, "s", seed, seed=seed, n_topics=k)
            found.append({"n_topics": k, "tool": tool, "ratio": spent[tool] / spent["topics"]})
    return pd.DataFrame(found).groupby(["n_topics", "tool"])["ratio"].agg(["median", list]) if found else pd.DataFrame()


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("corpus", type=Path, nargs="+")
    options.add_argument("--short", type=int, metavar="N", help="articles are N paragraphs of all corpora")
    options.add_argument("--topics", type=int, nargs="+", default=[20, 50, 100])
    options.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    options.add_argument("--sweeps", type=int, nargs="+", default=[50, 100, 200])
    options.add_argument("--slow", type=int, nargs="*", help="the seeds at which variational fits are measured (all)")
    options.add_argument("--tools", nargs="+", default=list(TOOLS), choices=list(TOOLS))
    given = options.parse_args()
    tools = [name for name in given.tools if name == "topics" or importlib.util.find_spec(name.split()[0]) is not None]
    for name in sorted(set(given.tools) - set(tools)):
        print(f"left out: {name} is not installed", file=sys.stderr)

    case, texts, terms = corpus(given.corpus, given.short)
    if set(tools) <= {"topics", *SLOW}:
        case += ", variational fits"
    held = np.random.default_rng(0).random(len(texts)) < 0.2
    train_texts = [text for text, out in zip(texts, held, strict=True) if not out]
    held_texts = [text for text, out in zip(texts, held, strict=True) if out]
    train, held_out = counted(train_texts, terms), counted(held_texts, terms)
    words = np.concatenate([np.array(text, np.int64) for text in held_texts])
    starts = np.concatenate([[0], np.cumsum([len(text) for text in held_texts])])
    print(
        json.dumps({"articles": len(texts), "terms": len(terms), "training tokens": int(train.matrix.sum())}),
        flush=True,
    )
    ours(train, train_texts, 2, 0, 60)  # compile

    rows: list[dict[str, Any]] = []
    for seed in given.seeds:
        for k in given.topics:
            for sweeps in given.sweeps:
                priors = None
                for name in tools:
                    if name in SLOW and given.slow is not None and seed not in given.slow:
                        continue
                    more = {"priors": priors} if name.endswith("priors") else {}
                    topics, spent = TOOLS[name](train, train_texts, k, seed, sweeps, **more)
                    if name == "topics":
                        priors = topics
                    row = {"tool": name, "n_topics": k, "seed": seed, "sweeps": sweeps, "cpu": round(spent.cpu, 2)}
                    row["wall"] = round(spent.wall, 2)
                    rows.append(row | measured(topics, held_out, words, starts))
                    print(json.dumps(rows[-1]), flush=True)
                    about = {"seed": seed, "n_topics": k, "sweeps": sweeps}
                    for column, measure, unit in FIGURES:
                        if column in rows[-1]:
                            value = rows[-1][column]
                            record("models_peers", f"{case}, {k} topics", name, measure, value, unit, seed, **about)
    table = (
        pd.DataFrame(rows).groupby(["n_topics", "sweeps", "tool"])[["cpu", "perplexity", "npmi", "diversity"]].median()
    )
    print(table.to_string())
    print("CPU time to the lowest perplexity that both reach, theirs over ours:")
    print(ratios(pd.DataFrame(rows), case).to_string())


if __name__ == "__main__":
    main()
