"""The steps in order: the only module that knows the order, and the only one that hands out settings.

Each step is a function of the settings. It is kept in the store under what decided it, so that a notebook that asks for a
step that `make reports` has made reads it, and one that asks for another topic count pays for its own fits alone.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import lru_cache, partial, wraps
from itertools import pairwise
from multiprocessing import get_context, parent_process
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from topics import corpus as corpus_room
from topics import store
from topics.corpus import audit
from topics.corpus.corrections import beside_exactly
from topics.settings import (
    Settings,
    articles_path,
    check_parameters,
    config_file,
    deciding,
    load,
    make_folder,
    project_folder,
)
from topics.store import inputs
from topics.tables import COLUMNS, UserError, conform, empty, nearest

if TYPE_CHECKING:
    from topics.models.lda import TopicModel
    from topics.models.sweep import Job

Tell = Callable[[str], None]
Track = Callable[..., Iterable[Any]]


HELD_OUT = 5  # every fifth article, by chance, is held out for perplexity
READING_GROUPS = (2, 3)  # topic counts where articles are few
SURE = 0.05  # false discovery rate of what is said to mark a group
MARKING = 30  # terms of a group, at most, whose places in the articles are kept
COMPANIONS = 8  # companions of a name, at most, whose sentences are kept
OUTLETS = 5  # outlets compared with the others, the largest
RECORD = "provenance.json"  # the file that a finished run has


def quiet(line: str) -> None:
    """Say nothing: what a step tells where nobody looks."""


def watched(items: Iterable[Any], *, total: int, what: str) -> Iterator[Any]:
    """The items; in a live notebook with a line that says how far they are, of which nothing stays when they are done."""
    begun, told = time.monotonic(), 0
    for done, item in enumerate(items):
        if _shell(live=True) and time.monotonic() - begun > told + 1:
            from IPython.display import clear_output

            told = int(time.monotonic() - begun)
            clear_output(wait=True)
            print(f"{what}: {100 * done // total} % in {told} s", flush=True)
        yield item
    if told:
        clear_output()


def _shell(live: bool = False) -> Any:
    """IPython's shell where code runs in one; with `live` only a notebook's."""
    shell = (loaded := sys.modules.get("IPython")) and loaded.get_ipython()
    return shell if not live or hasattr(shell, "kernel") else None


# --- settings and places ---------------------------------------------------------------------------------------------------


def settings(config: str | Path | None = None, **given: Any) -> Settings:
    """The settings in force: defaults, then the file, then what is given by name (`None`: not given).

    >>> settings(topic_counts=[10]).topic_counts
    (10,)
    """
    if shell := _shell():
        check_parameters(shell.user_ns.get("In", ()))
        if (out := shell.user_ns.get("out")) is not None:  # told before minutes of work, not after
            make_folder("out", out)
    return load(config_file(config), given)[0]


# --- many -------------------------------------------------------------------------------------------------------------------


def worker_count(settings: Settings) -> int:
    """How many processes or threads at once: as set, else one a core that this process may use."""
    if isinstance(settings.workers, int):
        return settings.workers
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def processes(settings: Settings, n_articles: int) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` over processes where there is enough work to pay for them, else the builtin.

    Processes are started fresh, never forked: a forked process with loaded threads can hang.
    """
    workers = worker_count(settings)
    if workers < 2 or n_articles < 400:
        yield map
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_begin_worker)
    try:
        yield pool.map
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_worker() -> None:
    """A worker leaves Ctrl-C to the process that started it, and ends when that one does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=lambda: (parent_process().join(), os._exit(1)), daemon=True).start()  # type: ignore[union-attr]


@contextmanager
def threads(settings: Settings) -> Iterator[Callable[..., Iterable[Any]]]:
    """A `map` over threads, for kernels that release the interpreter's lock."""
    with ThreadPoolExecutor(worker_count(settings)) as pool:
        yield pool.map


# --- steps ------------------------------------------------------------------------------------------------------------------


def _keep(settings: Settings, key: str, build: Callable[[], store.Result]) -> store.Kept:
    from topics.models.lda import TopicModel
    from topics.words.counts import Counts

    folder = Path(settings.cache)
    try:
        return store.keep(folder, key, build, classes=(Counts, TopicModel))
    except OSError as problem:
        if folder.is_dir() and os.access(folder, os.W_OK):
            raise  # a full disk, say: what was done so far stands
        raise UserError(
            f"{folder}: cannot be written ({problem.strerror}). Name another in config.yml: cache: folder"
        ) from None


def _once(step: Callable[[Settings], store.Kept]) -> Callable[[Settings], store.Kept]:
    """A step that every other one asks for: looked up and read once for each object of settings; files that change meanwhile are the next one's."""

    @wraps(step)
    def known(settings: Settings) -> store.Kept:
        results: dict[str, store.Kept] = settings.__dict__.setdefault("_results", {})
        if step.__name__ not in results:
            results[step.__name__] = step(settings)
        return results[step.__name__]

    return known


@_once
def corpus(settings: Settings) -> store.Kept:
    """The corpus: `articles, removals, dropped, repeats` and `language`."""
    kept = _corpus(settings, "")
    return (
        kept
        if kept["articles"]["date"].max() <= date.today().isoformat()
        else _corpus(settings, date.today().isoformat())
    )


def _corpus(settings: Settings, day: str) -> store.Kept:
    """The corpus read on a day: a date after it is none. The day enters the key only where it decides something; nothing: the last of all days."""
    path = articles_path(settings)
    found = inputs(path)
    _no_reports(path, found)
    known = corpus_room.STEPS
    for step in settings.skip_steps:
        if step not in known:
            raise UserError(
                f"skip_steps: there is no cleaning step {step!r}.{nearest(step, known)} There are: {', '.join(known)}."
            )
    values: dict[str, Any] = {
        "columns": dict(settings.columns),
        "steps": [step for step in known if step not in settings.skip_steps],
        "language": settings.language,
        "threshold": settings.near_repeats,
    }
    given = store.digest(found, path.is_dir())  # of a whole folder each row of its metadata.csv must name a file
    key = store.key("corpus", room="corpus", values=values | ({"today": day} if day else {}), inputs=[given])

    def build() -> store.Result:
        today = date.fromisoformat(day) if day else date.max
        with processes(settings, sum(item["bytes"] for item in found) // 2000) as many:
            return corpus_room.prepare(path, today=today, map=many, **values)

    return _keep(settings, key, build)


def _no_reports(path: Path, found: list[dict[str, Any]]) -> None:
    """Raises `UserError` where a report of ours lies among the articles: its tables and pages would be read as articles."""
    for item in found:
        folder = (path / item["file"]).parent
        if (path / item["file"]).name == RECORD and is_report(folder):
            raise UserError(
                f"{path}: holds a report, which is no article: {folder}. Move it away, or give a folder of articles alone."
            )


def is_report(folder: Path) -> bool:
    """Whether a run of ours stands in a folder: it has a record of what came out."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(record, dict) and {"topics", "outputs"} <= record.keys()


def check(settings: Settings) -> str:
    """What these articles can carry, in words, fitting nothing."""
    kept = corpus(settings)
    periods = calendar(settings)[1]
    return audit.check_text(
        kept["articles"], kept["removals"], kept["dropped"], kept["repeats"], kept["columns"], periods
    )


@_once
def words(settings: Settings) -> store.Kept:
    """What counts as a word: `counts, terms, dropped, names, spans, phrases, tokens, forms, …` of the corpus."""
    from topics.words import counts

    base = corpus(settings)
    known = _concepts(settings)
    _stopped_concepts(settings, known)
    values = {
        "language": base["language"],
        "lemmas": settings.lemmas,
        "exceptions": list(settings.lemma_exceptions),
        "stop_words": list(settings.stop_words),
        "keep_words": list(settings.keep_words),
        "remove": list(settings.leave_out),
        "unit": unit(settings),
    } | _vocabulary(settings)
    concept_rows = [] if known is None else known.astype(str).to_numpy().tolist()
    key = store.key("words", room="words", values=values | {"concepts": concept_rows}, inputs=[base.key])

    def build() -> store.Result:
        with threads(settings) as many:
            return counts.prepare(base["articles"], concepts=known, map=many, **values)

    return _keep(settings, key, build)


def _stopped_concepts(settings: Settings, known: pd.DataFrame | None) -> None:
    """Raises `UserError` where a stop word is the name of a concept, which would stay in the models all the same."""
    names = {} if known is None else {name.lower(): name for name in known["name"]}
    if stopped := [names[word.lower()] for word in settings.stop_words if word.lower() in names]:
        raise UserError(
            f"stop_words: {', '.join(map(repr, stopped))} stands in {Path(settings.concepts).name} and would stay in the "
            "models. Take it out of that file, or hide it with hide_words."
        )


def _concepts(settings: Settings) -> pd.DataFrame | None:
    """The rows of the file of concepts, read once while it stays the same; None where there is none."""
    file = _by_hand("concepts", settings.concepts, "data/concepts.yml")
    return _read_concepts(file, store.stamp(file)) if file.is_file() else None


@lru_cache(maxsize=4)
def _read_concepts(file: Path, stamp: tuple[int, int, int]) -> pd.DataFrame:
    from topics.words import concepts

    return concepts.read_concepts(file)


def unit(settings: Settings) -> str:
    """What a model takes as a document: as set, else paragraphs where articles are few."""
    if settings.unit == "article" and few(settings):
        n = len(corpus(settings)["articles"])
        raise UserError(f"unit: articles are counted from {audit.FEW} on, and there are {n}. Take auto or paragraph.")
    if settings.unit != "auto":
        return settings.unit
    return "paragraph" if few(settings) else "article"


@_once
def held_out(settings: Settings) -> store.Kept:
    """The corpus in two: `train` and `test` counts, words and phrases learned on the articles of `train` alone."""
    from topics.words import counts

    base = words(settings)
    key = store.key(
        "held_out", room="words", values={"every": HELD_OUT, "set": _vocabulary(settings)}, inputs=[base.key]
    )

    def build() -> store.Result:
        n = len(base["doc_ids"])
        test = np.sort(np.random.default_rng(n).permutation(n)[: n // HELD_OUT])
        train = np.setdiff1d(np.arange(n), test)
        learned = counts.learn_vocabulary(base, docs=train, **_vocabulary(settings))
        spans = counts.place(base, learned)
        return {
            name: counts.count(spans[spans["doc"].isin(docs)], learned["names"], base["doc_ids"], unit(settings))
            for name, docs in (("train", train), ("test", test))
        }

    return _keep(settings, key, build)


def _vocabulary(settings: Settings) -> dict[str, Any]:
    return {
        "phrases": "npmi" if settings.phrases else "none",
        "min_docs": None if settings.min_docs == "auto" else settings.min_docs,
        "max_share": None if settings.max_share == "auto" else settings.max_share,
    }


# --- fits -------------------------------------------------------------------------------------------------------------------


def grid(settings: Settings) -> tuple[int, ...]:
    """The topic counts that are fitted and compared: those that suit the size of the corpus, and those asked for."""
    from topics.models import sweep

    usual = READING_GROUPS if few(settings) else sweep.default_grid(words(settings)["counts"])
    return tuple(sorted({*usual, *paged(settings)}))


def fit(settings: Settings, job: Job, part: str = "whole") -> TopicModel:
    """One fit, kept alone; `part` is `whole` or `train`."""
    return _fit(settings, job, part)["model"]


def _fit(settings: Settings, job: Job, part: str, threads: int = 1, tick: Callable[[], object] = bool) -> store.Kept:
    from topics.models import sweep

    source = words(settings) if part == "whole" else held_out(settings)
    counts = source["counts" if part == "whole" else "train"]

    def build() -> store.Result:
        with ThreadPoolExecutor(
            threads
        ) as pool:  # starts a thread when it has work, which the default engine never gives it
            return {"model": sweep.fit_job(counts, job, engine=settings.engine, map=pool.map, tick=tick)}

    return _keep(settings, _fit_key(settings, job, source.key), build)


def _fit_key(settings: Settings, job: Job, source: str) -> str:
    values = {"text": job.text, "n_topics": job.n_topics, "seed": job.seed, "engine": settings.engine}
    return store.key("fit", room="models", values=values, inputs=[source])


def fits(settings: Settings, jobs: Iterable[tuple[Job, str]], track: Track = watched) -> None:
    """See to it that all these fits are kept: side by side, the longest first; what is kept already is not done again.

    Threads that are left over, where fewer fits are missing than there are workers, go into fits of the engine `parallel`.
    """
    from topics.models.lda import PARTS

    sources = {"whole": words(settings).key}
    if not few(settings):
        sources["train"] = held_out(settings).key
    folder = Path(settings.cache)
    missing = [(job, part) for job, part in jobs if not store.is_kept(folder, _fit_key(settings, job, sources[part]))]
    missing.sort(key=lambda item: -item[0].n_topics)
    workers = worker_count(settings)
    threads = max(1, workers // max(1, len(missing)))
    news: SimpleQueue[Future[store.Kept] | None] = SimpleQueue()  # None: a part of some fit is done
    pool = ThreadPoolExecutor(workers)
    try:
        waiting = [pool.submit(_fit, settings, job, part, threads, partial(news.put, None)) for job, part in missing]
        for each in waiting:
            each.add_done_callback(news.put)
        total = len(waiting) * (PARTS + 1)
        for _ in track(_until_done(news, len(waiting)), total=total, what=f"{len(waiting)} fits, in parts"):
            pass
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _until_done(news: SimpleQueue[Any], left: int) -> Iterator[None]:
    """One item for each part of a fit, until all are done; a fit that failed raises."""
    while left:
        done = news.get()
        if done is not None:
            done.result()
            left -= 1
        yield


def jobs(settings: Settings, topic_counts: Iterable[int], paged: Iterable[int] = ()) -> list[tuple[Job, str]]:
    """The fits that these topic counts need: of the whole text, of references, and of the training part."""
    from topics.models import sweep

    wanted = [(job, "whole") for job in sweep.jobs(tuple(topic_counts), settings.seeds, tuple(paged))]
    if not few(settings):
        wanted += [
            (sweep.Job("whole", k, seed), "train")
            for k in sorted({*topic_counts, *paged})
            for seed in settings.seeds[:3]
        ]
    return wanted


# --- what the fits say together -----------------------------------------------------------------------------------------------


def comparison(settings: Settings, track: Track = watched) -> store.Kept:
    """The grid together: `scores` (with `text`: whole or shuffled), `stability`, `shown`, `choice`.

    `shown` has the seed of each count's representative run. `choice` has the suggested count, or none, and the reasons.
    """
    counts = grid(settings)
    key = store.key(
        "comparison", room="models", values=_comparison_values(settings, counts), inputs=[words(settings).key]
    )

    def build() -> store.Result:
        fits(settings, jobs(settings, counts), track)
        return _compare(settings, counts)

    return _keep(settings, key, build)


def _comparison_values(settings: Settings, counts: tuple[int, ...]) -> dict[str, Any]:
    return {
        "counts": list(counts),
        "seeds": list(settings.seeds),
        "engine": settings.engine,
        "few": few(settings),
    }


def few(settings: Settings) -> bool:
    """Whether the articles are too few for anything to be counted by article."""
    return len(corpus(settings)["articles"]) < audit.FEW


def paged(settings: Settings) -> tuple[int, ...]:
    """The topic counts asked for; none where the suggested one is to be taken."""
    return () if isinstance(settings.topic_counts, str) else settings.topic_counts


def _compare(settings: Settings, counts: tuple[int, ...]) -> store.Result:
    from topics.models import stability, sweep

    n_terms = len(words(settings)["counts"].terms)
    models = {
        (text, k): [fit(settings, sweep.Job(text, k, seed)) for seed in seeds]
        for k in counts
        for text, seeds in (("whole", settings.seeds), ("shuffled", stability.SHUFFLED_SEEDS))
    }
    windows = _windows(settings, [model for group in models.values() for model in group], n_terms)
    pairs = [(k, seed) for k in counts for seed in settings.seeds]
    every = [(text, model) for k in counts for text in ("whole", "shuffled") for model in models[text, k]]
    with threads(settings) as side_by_side:
        foretold = dict(zip(pairs, side_by_side(lambda pair: _completed(settings, *pair), pairs), strict=True))
        rows = side_by_side(lambda each: _scored(each[0], each[1], windows, foretold), every)
        all_scores = pd.concat(rows, ignore_index=True)
    steady, chains, shown = [], [], {}
    for k in counts:
        whole, shuffled = models["whole", k], models["shuffled", k]
        base = stability.reference(shuffled)
        first = whole[stability.representative(whole)]
        others = [model for model in whole if model is not first]
        shown[k] = first.seed
        steady.append(stability.stability(first, others, base))
        chains.append(stability.convergence(whole))
    all_steady = pd.concat(steady, ignore_index=True)
    chosen = _suggested(settings, all_scores[all_scores["text"] == "whole"], all_steady)
    return {
        "scores": all_scores,
        "stability": all_steady,
        "convergence": pd.concat(chains, ignore_index=True),
        "few": few(settings),
        "shown": shown,
        "choice": {
            "n_topics": chosen.n_topics,
            "why": chosen.why,
            "against": chosen.against,
            "range": list(chosen.range),
        },
    }


def _scored(text: str, model: TopicModel, windows: Any, foretold: dict[tuple[int, int], Any]) -> pd.DataFrame:
    """The scores of a fit; those of held-out articles too, where a fit of its count and seed has foretold them."""
    from topics.models import scores

    completion = foretold[model.n_topics, model.seed] if text == "whole" else None
    return scores.scores(model, windows, completion).assign(text=text)


def _suggested(settings: Settings, scores: pd.DataFrame, stability: pd.DataFrame) -> Any:
    from topics.models import sweep

    if not few(settings):
        return sweep.choose(scores, stability)
    n = len(corpus(settings)["articles"])
    return sweep.Choice(
        None,
        f"No number of topics is suggested: {n} article{'s are' if n != 1 else ' is'} read, not counted; groups of paragraphs are a way into {'it' if n == 1 else 'them'}.",
        "",
        (),
    )


def _completed(settings: Settings, n_topics: int, seed: int) -> Any:
    """How well a fit to the training part foretells the articles held out; nothing where articles are few."""
    from topics.models import scores, sweep

    if few(settings) or seed not in settings.seeds[:3]:
        return None
    return scores.complete(fit(settings, sweep.Job("whole", n_topics, seed), "train"), held_out(settings)["test"])


def _windows(settings: Settings, models: list[TopicModel], n_terms: int) -> Any:
    """Where the leading terms of all fits stand together: one pass over the articles."""
    from topics.models import lda, scores
    from topics.words.counts import in_order

    leading = np.unique(np.concatenate([lda.top_terms(model, min(scores.TOP, n_terms)).ravel() for model in models]))
    return scores.count_windows(*in_order(words(settings)), leading)


def splits(settings: Settings) -> store.Kept:
    """How topics divide and join over the grid: `topics` of every count, labelled and merged as on their pages, and `alignment`, each count with the next."""
    shown = comparison(settings)["shown"]
    key = store.key("splits", room="models", values=_listing_values(settings), inputs=[comparison(settings).key])

    def build() -> store.Result:
        from topics.models import alignment

        fits = {int(k): reported(settings, int(k), seed) for k, seed in shown.items()}
        counts = words(settings)["counts"]
        flows = [
            alignment.align(fits[a].model, fits[b].model, counts).assign(n_topics_a=a, n_topics_b=b)
            for a, b in pairwise(sorted(fits))
        ]
        tables = [_listed(settings, k, fit) for k, fit in fits.items()]
        return {
            "topics": pd.concat(tables, ignore_index=True),
            "alignment": pd.concat(flows, ignore_index=True) if flows else pd.DataFrame(),
        }

    return _keep(settings, key, build)


def _listing_values(settings: Settings) -> dict[str, Any]:
    """What decides how topics are listed: words hidden, labels written by hand."""
    file = labels_file(settings)
    return {
        "hide_words": list(settings.hide_words),
        "labels": store.file_digest(file) if file.is_file() else None,
    }


def labels_file(settings: Settings) -> Path:
    """The file of labels; the project's own may be missing. Raises `UserError` where one that was named is."""
    return _by_hand("labels", settings.labels, "labels.yml")


def _by_hand(setting: str, name: str, own: str) -> Path:
    """A file that people write, as a setting names it; the project's `own` may be missing."""
    file = Path(name)
    if not file.is_file() and file != project_folder() / own:
        near = [item.name for item in file.parent.iterdir()] if file.parent.is_dir() else []
        raise UserError(f"{setting}: {file}: no such file.{nearest(file.name, near)}")
    return file


class Reported(NamedTuple):
    """The fit that is reported, its topics merged as the labels say; the labels that apply; and what became of the topics of before."""

    model: TopicModel
    labels: pd.DataFrame  # of `models.labels.find_topics`
    number: np.ndarray  # for each topic of the fit its number in `model`
    codes: np.ndarray  # for each topic of the fit which others are one with it
    fitted: TopicModel  # before any merge

    def like(self, other: TopicModel, floor: float) -> TopicModel:
        """Another fit with the topics merged that pair with the merged ones."""
        from topics.models import labels, stability

        pairs = stability.match(stability.similarity(self.fitted, other), floor)
        codes = labels.joined_like(self.codes, pairs, other.n_topics)
        return labels.merge_topics(other, codes, other.doc_topic.mean(axis=0))[0]


def reported(settings: Settings, n_topics: int, seed: int) -> Reported:
    """The fit of one count and seed with its topics merged as `labels.yml` says."""
    from topics.models import labels, lda, sweep

    fitted = fit(settings, sweep.Job("whole", n_topics, seed))
    found = labels.find_topics(labels.read_labels(labels_file(settings)), fitted)
    codes = labels.joined(found, n_topics)
    share = lda.article_shares(fitted, words(settings)["counts"]).mean(axis=0)
    model, number = labels.merge_topics(fitted, codes, share)
    return Reported(model, found, number, codes, fitted)


def _listed(settings: Settings, n_topics: int, fit: Reported) -> pd.DataFrame:
    """TOPICS of a fit, labelled by hand where a label is of them."""
    from topics.models import labels, lda

    counts, hidden = words(settings)["counts"], _hidden(settings)
    table = lda.topics(fit.model, counts, hide=hidden)
    return labels.label_topics(table, fit.labels, fit.number, lda.distinctive_labels(fit.fitted, hidden)).assign(
        n_topics=n_topics
    )


def topics(settings: Settings, n_topics: int, track: Track = watched) -> store.Kept:
    """The topics of one count: `topics, topic_terms, doc_topics, matches, stability, labels, groups, seed, floor`."""
    if type(n_topics) is not int or not 2 <= n_topics <= 1000:
        raise UserError(f"n_topics must be a whole number of 2 to 1,000. Got {n_topics!r}.")
    values = {"n_topics": n_topics, "seeds": list(settings.seeds), "engine": settings.engine} | _listing_values(
        settings
    )
    key = store.key("topics", room="models", values=values, inputs=[words(settings).key])

    def build() -> store.Result:
        fits(settings, [item for item in jobs(settings, [n_topics], [n_topics]) if item[1] == "whole"], track)
        return _describe(settings, n_topics)

    return _keep(settings, key, build)


def _hidden(settings: Settings) -> set[str]:
    """The terms that lists, labels and figures leave out, though the models count them."""
    from topics.words import counts

    return counts.hidden_terms(words(settings), settings.hide_words) if settings.hide_words else set()


def _describe(settings: Settings, n_topics: int) -> store.Result:
    from topics.models import labels, lda, scores, stability, sweep

    counts, hidden = words(settings)["counts"], _hidden(settings)
    runs = [fit(settings, sweep.Job("whole", n_topics, seed)) for seed in settings.seeds]
    base = stability.reference(
        [fit(settings, sweep.Job("shuffled", n_topics, seed)) for seed in stability.SHUFFLED_SEEDS]
    )
    first = runs[stability.representative(runs)].seed
    kept = reported(settings, n_topics, first)
    shown = kept.model
    others = [kept.like(model, base.floor) for model in runs if model.seed != first]
    parts = [
        kept.like(fit(settings, sweep.Job("resampled", n_topics, seed)), base.floor) for seed in settings.seeds[:3]
    ]
    steady = stability.stability(shown, others, base)
    top = lda.top_terms(shown, min(scores.TOP, len(counts.terms)))
    table = _listed(settings, n_topics, kept)
    table["stability"] = table["topic"].map(steady.groupby("topic")["excess"].mean())
    table["coherence"] = scores.coherence(top, _windows(settings, [shown], len(counts.terms)), "c_npmi")
    table["exclusivity"] = scores.exclusivity(shown)
    terms = lda.topic_terms(shown, 200)
    return {
        "topics": conform(table, "topics"),
        "topic_terms": terms[~terms["term"].isin(hidden)].reset_index(drop=True).assign(n_topics=n_topics),
        "doc_topics": lda.doc_topics(shown, counts).assign(n_topics=n_topics),
        "matches": stability.matches(steady, first).assign(n_topics_a=n_topics, n_topics_b=n_topics),
        "stability": pd.concat(
            [steady, stability.stability(shown, parts, base, kind="articles")], ignore_index=True
        ).assign(n_topics=n_topics),
        "labels": kept.labels,
        "groups": labels.group_shares(table, shown, counts),
        "seed": first,
        "floor": base.floor,
    }


def runs(settings: Settings, n_topics: int, kept: store.Kept) -> tuple[TopicModel, dict[int, TopicModel]]:
    """The fit of one count that is reported, and those of the other seeds, with topics merged alike. `kept` is of `topics`."""
    from topics.models import sweep

    shown = reported(settings, n_topics, kept["seed"])
    others = [seed for seed in settings.seeds if seed != kept["seed"]]
    return shown.model, {
        seed: shown.like(fit(settings, sweep.Job("whole", n_topics, seed)), kept["floor"]) for seed in others
    }


def reading(settings: Settings, n_topics: int) -> store.Kept:
    """What is read of the topics of one count: `articles` (typical and random, with the passage that carries the topic), `counterparts`,
    `positions`, `map_terms`, `correlations`, `doubts`, and `seed_shares`; where articles are few `groups` of paragraphs and `said` of them."""
    kept = topics(settings, n_topics)
    inputs = [kept.key] if few(settings) else [kept.key, comparison(settings).key]
    key = store.key("reading", room="models", values={}, inputs=inputs)
    return _keep(settings, key, lambda: _read(settings, n_topics, kept))


def _read(settings: Settings, n_topics: int, kept: store.Kept) -> store.Result:
    from topics.models import reading

    base, articles = words(settings), corpus(settings)["articles"]
    counts = base["counts"]
    shown, others = runs(settings, n_topics, kept)
    if few(settings):
        groups = reading.reading_groups(shown, counts, base)
        return {"groups": groups, "said": reading.say_groups(groups)}
    elsewhere = {("seed", n_topics, seed): model for seed, model in others.items()}
    for k, seed in comparison(settings)["shown"].items():
        if int(k) != n_topics:
            elsewhere["count", int(k), seed] = reported(settings, int(k), seed).model
    found = reading.counterparts(shown, kept["topics"]["label"].tolist(), elsewhere)
    chosen = reading.choose_articles(shown, counts)
    texts = dict(zip(articles["doc_id"], articles["text"], strict=True))
    sources = dict(zip(articles["doc_id"], articles["source"], strict=True))
    near = found[found["kind"] == "same"]
    return {
        "articles": reading.passages(shown, counts, base, texts, chosen),
        "counterparts": found,
        "positions": reading.positions(shown),
        "map_terms": reading.map_terms(shown),
        "correlations": reading.correlations(shown, counts),
        "doubts": {str(topic): lines for topic, lines in reading.doubts(shown, counts, near, sources).items()},
        "seed_shares": reading.seed_shares(kept["matches"], others, counts),
    }


def topics_over_time(settings: Settings, n_topics: int) -> store.Kept:
    """The topics of one count over time and between groups: `series, trends, groups` and `length, why` of the periods."""
    kept = topics(settings, n_topics)
    values = {"period": settings.period, "collection": collection(settings), "n_topics": n_topics}
    values["reports_on"] = reports_on(settings)
    key = store.key("topics_over_time", room="trends", values=values, inputs=[kept.key])
    return _keep(settings, key, lambda: _topics_over_time(settings, n_topics, kept))


def reports_on(settings: Settings) -> int:
    """The one topic count at which topics' trends are tested: the suggested one where none is asked for, else the foremost of those asked for."""
    from topics.models import sweep

    asked, choice = paged(settings), comparison(settings)["choice"]
    return sweep.foremost(asked or (choice["n_topics"] or grid(settings)[0],), choice)


def _topics_over_time(settings: Settings, n_topics: int, kept: store.Kept) -> store.Result:
    from topics.models import lda, reading
    from topics.trends import groups, prevalence

    counts = words(settings)["counts"]
    shown, others = runs(settings, n_topics, kept)
    placed, periods, length, why = calendar(settings)
    known = placed["doc_id"].isin(lda.articles(counts)).to_numpy()
    placed = placed[known].reset_index(drop=True)
    shares = lda.article_shares(shown, counts)
    made: store.Result = {"length": length, "why": why, "series": empty("series"), "trends": empty("trends")}
    if len(periods) > 1:
        codes, blocks = prevalence.topic_blocks(placed)
        draws = lda.share_draws(shown, counts, codes)
        matched = reading.matched_shares(kept["matches"], others, counts, shown.n_topics)
        tested = reports_on(settings)
        why_not = f"Topics' trends are tested at the {tested} topics that this run reports on alone: who tests every count finds one by chance."
        unsure = _withheld(kept) if n_topics == tested else {str(k): why_not for k in range(1, n_topics + 1)}
        series = prevalence.topic_series(draws, blocks, shares, placed, periods, length, other_runs=matched)
        trends = prevalence.topic_trends(
            shares, placed, periods, length, withheld=unsure, seasons=collection(settings).get("seasons")
        )
        made["series"], made["trends"] = series.assign(n_topics=n_topics), trends.assign(n_topics=n_topics)
    articles = corpus(settings)["articles"].sort_values("doc_id", kind="stable")[known].reset_index(drop=True)
    tables = []
    for column in groups.columns_to_compare(articles):
        codes, blocks = groups.group_blocks(articles[column], placed)
        draws = lda.share_draws(shown, counts, codes)
        tables.append(groups.group_shares(draws, blocks, shares, codes).assign(column=column))
    made["groups"] = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    return made


def _withheld(kept: store.Kept) -> dict[str, str]:
    """The topics that do not come back in every other run or are set aside by hand, each with the sentence that withholds its trend."""
    rows = kept["stability"][kept["stability"]["kind"] == "seed"]
    back = rows.assign(back=rows["topic_b"] > 0).groupby("topic")["back"].agg(["sum", "size"])
    unsteady = {
        str(topic): f"It comes back in {row['sum']} of {row['size']} other runs only, so no trend is drawn from it."
        for topic, row in back.iterrows()
        if row["sum"] < row["size"]
    }
    junk = kept["topics"][kept["topics"]["junk"]]
    return unsteady | {str(row.topic): f"It is set aside by hand: {row.reason}" for row in junk.itertuples()}


# --- over time ----------------------------------------------------------------------------------------------------------------


def calendar(settings: Settings) -> tuple[pd.DataFrame, pd.DataFrame, str, str]:
    """Where the articles stand in time: placed articles, periods, the length of a period, and why it was chosen."""
    from topics.trends import periods

    articles, said = corpus(settings)["articles"], collection(settings)
    length, why = periods.choose_length(articles, settings.period)
    placed = periods.place(articles, length)
    return placed, periods.calendar(placed, length, said.get("since"), said.get("until")), length, why


def collection(settings: Settings) -> dict[str, Any]:
    """What the user says of the collection in `collection.yml`; empty where there is none."""
    from topics.trends import periods

    file = beside_exactly(articles_path(settings), "collection.yml")
    return periods.read_collection(file.parent) if file else {}


def volume(settings: Settings) -> pd.DataFrame:
    """Articles by period and source: `period, source, n_docs, partial`."""
    placed, periods, _, _ = calendar(settings)
    inside = placed[placed["ordinal"] >= 0]
    counted = inside.groupby(["ordinal", "source"]).size().rename("n_docs").reset_index()
    return counted.merge(periods[["ordinal", "period", "partial"]], on="ordinal")[
        ["period", "source", "n_docs", "partial"]
    ]


def followed(settings: Settings) -> pd.DataFrame:
    """The names that are followed over time, each thing once: every concept that stands in an article, and the keywords asked for: `name, kind`."""
    from topics.trends.contexts import meant, mentions

    names = words(settings)["names"]
    concepts = sorted(set(names.loc[names["kind"] == "concept", "name"]))
    once = set(meant(words(settings), [*concepts, *settings.keywords]).values()).difference(concepts)
    asked = [name for name in settings.keywords if name in once and mentions(words(settings), name).any()]
    kinds = ["concept"] * len(concepts) + ["keyword"] * len(asked)
    return pd.DataFrame({"name": [*concepts, *asked], "kind": kinds})


def keywords(settings: Settings) -> store.Kept:
    """Concepts and keywords over time: `names, unheard` (keywords not counted in full), `mentions` (articles by names), `placed, periods, length, why`, `series, trends,
    bursts, contexts`, and `denominator` (out of how many articles a share is taken). Where articles are few, no series."""
    base, said, totals = words(settings), collection(settings), published(settings)
    values: dict[str, Any] = {"keywords": list(settings.keywords), "period": settings.period, "collection": said}
    values["totals"] = [] if totals is None else totals.to_numpy().tolist()
    key = store.key("keywords", room="trends", values=values, inputs=[base.key])
    return _keep(settings, key, lambda: _follow(settings, said, totals))


def published(settings: Settings) -> pd.DataFrame | None:
    """How many articles each outlet published in each period, from `totals.csv` beside the articles; None where there is none."""
    from topics.trends import periods

    file = beside_exactly(articles_path(settings), "totals.csv")
    return periods.read_totals(file) if file else None


def _follow(settings: Settings, said: dict[str, Any], totals: pd.DataFrame | None) -> store.Result:
    from scipy import sparse

    from topics.trends import bursts, contexts, periods
    from topics.trends import keywords as trends

    base, articles = words(settings), corpus(settings)["articles"]
    placed, calendared, length, why = calendar(settings)
    names = followed(settings)
    columns = [contexts.mentions(base, name) for name in names["name"]]
    mentions = sparse.csr_matrix(np.column_stack(columns) if columns else np.zeros((len(placed), 0)), dtype=np.int64)
    found = [contexts.contexts(base, articles, name) for name in names["name"]]
    total, denominator = periods.denominators(calendared, placed, totals)
    same = contexts.meant(base, [*names["name"], *settings.keywords])
    twice = [
        f"The keyword “{name}” is the same as “{first}” and followed under that name."
        for name, first in same.items()
        if name != first
    ]
    made: store.Result = {
        "names": names,
        "unheard": [told for name in settings.keywords if (told := contexts.unheard(base, name))] + twice,
        "mentions": mentions,
        "placed": placed,
        "periods": calendared,
        "length": length,
        "why": why,
        "denominator": denominator,
        "series": empty("series"),
        "trends": empty("trends"),
        "findings": pd.DataFrame(columns=["kind", "name", "verdict", "sentence"]),
        "bursts": empty("bursts"),
        "contexts": pd.concat(found, ignore_index=True) if found else empty("contexts"),
    }
    if few(settings) or calendared.empty or names.empty:
        return made
    over_time = placed, calendared, length, mentions, names["name"].tolist(), names["kind"].tolist()
    ways = _ways(settings, names["name"])
    for term, name in contexts.meant(base, [*ways, *said.get("terms", [])]).items():
        if name in ways:  # robots, where robot is followed
            ways[name].append(term)
    withheld = {} if total is not None else trends.searched_for(ways, said)
    series = trends.keyword_series(*over_time, totals=total)
    moves = trends.keyword_trends(*over_time, withheld=withheld, totals=total, seasons=said.get("seasons"))
    alike = {str(name): float(r) for name, r in zip(moves["name"], moves["correlation"], strict=True) if r == r}
    counted = series
    if total is not None:
        counted, calendared = series[series["source"] == ""], calendared.assign(n_docs=total.sum(axis=1).to_numpy())
    return made | {
        "series": series,
        "trends": moves,
        "findings": trends.findings(moves),
        "bursts": bursts.bursts(counted[~counted["name"].isin(withheld)], calendared, alike),
    }


def _ways(settings: Settings, names: Iterable[str]) -> dict[str, list[str]]:
    """The ways of writing each name: those of the file of concepts, or the name itself."""
    rows = _concepts(settings)
    known = {} if rows is None else rows.groupby("name")["pattern"].agg(list).to_dict()
    return {name: known.get(name, [name]) for name in names}


def keyness(settings: Settings) -> store.Kept:
    """What marks groups of articles out of the whole vocabulary: `keyness`, `dropped`, `groups` (what was compared), `sides` (whose articles), `contexts`.

    Compared are the earlier and the later half of the dated articles, and each of the five largest outlets with the others.
    """
    base = words(settings)
    key = store.key("keyness", room="trends", values={"period": settings.period}, inputs=[base.key])
    return _keep(settings, key, lambda: _compare_groups(settings))


def _compare_groups(settings: Settings) -> store.Result:
    from topics.trends import contexts, keyness
    from topics.words.counts import by_article

    base, articles = words(settings), corpus(settings)["articles"]
    placed, dates = _dated(settings)
    found, missing, compared = [empty("keyness")], [empty("dropped")], []
    sides: list[pd.DataFrame] = []
    for group, names, held in [] if few(settings) else _groups(settings):
        block, length = keyness.time_blocks(placed, dates, group)
        source = placed["source"].to_numpy() if held else None
        table, left_out = keyness.keyness(
            by_article(base["counts"]), base["counts"].terms, group, block, names, source=source
        )
        table = table.merge(base["terms"][["term", "kind"]], on="term", how="left") if len(table) else table
        n, n_against = (int((group == side).sum()) for side in (0, 1))
        side = np.select([group == 0, group == 1], names, "")
        sides.append(pd.DataFrame({"pair": len(sides), "doc_id": placed["doc_id"], "side": side}))
        facts = {"group": names[0], "against": names[1], "blocks": length, "held": held, "tested": len(table)}
        compared.append(facts | {"n": n, "n_against": n_against})
        found.append(table)
        rare = left_out.groupby(["stage", "what", "reason"], sort=False).size().rename("n").reset_index()
        missing.append(rare.assign(id=f"{names[0]} against {names[1]}"))
    table = pd.concat(found, ignore_index=True)
    shown = table[table["q"] < SURE] if len(table) else table
    shown = shown.groupby(["group", "against"], sort=False).head(MARKING)
    places = [contexts.contexts(base, articles, str(term)) for term in shown["term"].unique()]
    return {
        "keyness": table,
        "dropped": conform(pd.concat(missing, ignore_index=True), "dropped"),
        "groups": compared,
        "sides": pd.concat(sides, ignore_index=True) if sides else pd.DataFrame(columns=["pair", "doc_id", "side"]),
        "contexts": pd.concat(places, ignore_index=True) if places else empty("contexts"),
    }


def _groups(settings: Settings) -> Iterator[tuple[np.ndarray, tuple[str, str], bool]]:
    """Which articles are compared with which: 0, 1 or -1 (neither) for each, the names of both groups, whether outlets are held constant."""
    from topics.trends import keyness
    from topics.trends.periods import UNKNOWN

    placed, dates = _dated(settings)
    half = keyness.halves(placed, dates)
    if (half == 1).any():
        yield half, (f"up to {dates[half == 0].max()}", f"from {dates[half == 1].min()}"), True
    source = placed["source"].to_numpy()
    known = placed.loc[placed["source"] != UNKNOWN, "source"].value_counts()
    for outlet in known.index[:OUTLETS] if len(known) > 1 else []:
        others = np.where(source == UNKNOWN, -1, 1)  # which may be the same outlet
        yield np.where(source == outlet, 0, others), (outlet, "the other outlets"), False


def _dated(settings: Settings) -> tuple[pd.DataFrame, pd.Series]:
    """Where the articles stand in time, and their dates, in the same order."""
    articles = corpus(settings)["articles"].sort_values("doc_id", kind="stable")
    return calendar(settings)[0], articles["date"].reset_index(drop=True)


def companions(settings: Settings) -> store.Kept:
    """Which terms stand in the sentences of each name: `companions` (KEYNESS with `name`), and `together`, where they do.

    A row of `together` is a place of a companion: `name, term, doc_id, start, end`.
    """
    base = words(settings)
    values = {"keywords": list(settings.keywords), "period": settings.period}
    key = store.key("companions", room="trends", values=values, inputs=[base.key])
    return _keep(settings, key, lambda: _beside(settings))


def _beside(settings: Settings) -> store.Result:
    from topics.trends import contexts, keyness
    from topics.words.counts import placed_terms

    found, together = (
        [empty("keyness").assign(name=[]).astype({"name": "str"})],
        [pd.DataFrame(columns=["name", "term", "doc_id", "start", "end"])],
    )
    if few(settings):
        return {"companions": found[0], "together": together[0]}
    spans, terms = placed_terms(words(settings))
    base, (placed, dates) = words(settings), _dated(settings)
    sentences, of = keyness.sentence_terms(spans, len(terms))
    half = keyness.halves(placed, dates)
    halves: dict[str, Any] = (
        {"half": half, "block": keyness.time_blocks(placed, dates, half)[0]} if (half == 1).any() else {}
    )
    for name in followed(settings)["name"]:
        column = int(np.searchsorted(terms, name))
        if column == len(terms) or terms[column] != name:
            continue  # a keyword that is no word, phrase or concept of the vocabulary: it is looked up in the text alone
        table = keyness.companions(sentences, of, terms.tolist(), column, **halves)
        table = table[table["q"] < SURE].assign(name=name) if len(table) else found[0]
        found.append(table)
        beside = table[table["group"] == f"sentences with {name}"]["term"].head(COMPANIONS)
        together.append(
            contexts.together(spans, column, np.searchsorted(terms, beside.to_numpy(dtype=str)), terms, base["doc_ids"])
        )
    return {"companions": pd.concat(found, ignore_index=True), "together": pd.concat(together, ignore_index=True)}


# --- everything -------------------------------------------------------------------------------------------------------------


def everything(
    settings: Settings, tell: Tell = quiet, track: Track = watched, ready: Callable[[dict[str, Any]], object] = dict
) -> dict[str, Any]:
    """All steps in order, for a report: the results kept, the counts that get a page, and every table by name.

    `ready` is told what is made as soon as it is enough for another page; what needs no fit is done beside the fits.
    """
    from topics.models import labels

    labels.read_labels(labels_file(settings))  # a mistake in what is written by hand is told before any work
    _concepts(settings), collection(settings), published(settings)
    tell("reading, cleaning and dating the articles")
    Thread(
        target=_warm, args=[settings.engine], daemon=True
    ).start()  # the sampler is compiled, once on a machine, while articles are read
    base = corpus(settings)
    tell(f"{len(base['articles']):,} articles; counting words")
    vocabulary = words(settings)
    _asked_in_vain(settings)
    tell(f"{len(vocabulary['terms']):,} terms; fitting {', '.join(map(str, grid(settings)))} topics")
    beside = ThreadPoolExecutor(1)
    try:
        followed = beside.submit(_without_fits, settings, base, vocabulary, ready)
        compared = comparison(settings, track)
        suggested = compared["choice"]["n_topics"]
        counts = paged(settings) or (suggested or (grid(settings)[-1] if few(settings) else grid(settings)[0]),)
        settings = replace(settings, topic_counts=counts)  # as the notebooks of the run will have them
        made = {"comparison": compared, "suggested": suggested} | followed.result()
    finally:
        beside.shutdown(wait=False, cancel_futures=True)
    ready(made)
    made["splits"] = splits(settings)
    ready(made)
    tell("following topics over time")
    made |= {
        "settings": deciding(settings),
        "topics": {k: topics(settings, k, track) for k in counts},
        "reading": {k: reading(settings, k) for k in counts},
        "topics_over_time": {} if few(settings) else {k: topics_over_time(settings, k) for k in counts},
        "topic_counts": counts,
        "grid": grid(settings),
        "seeds": settings.seeds,
    }
    ready(made)
    return made | {"tables": tables(made)}


def _asked_in_vain(settings: Settings) -> None:
    """Raises `UserError`, before any fit, where totals are fewer than the articles or a keyword has nothing to look for."""
    from topics.trends import contexts, periods

    placed, calendared, _, _ = calendar(settings)
    periods.denominators(calendared, placed, published(settings))
    for name in settings.keywords:
        contexts.check_name(name)


def _without_fits(
    settings: Settings, base: store.Kept, vocabulary: store.Kept, ready: Callable[[dict[str, Any]], object]
) -> dict[str, Any]:
    """What a run has before any fit is done: articles, words, keywords over time, what marks groups."""
    made: dict[str, Any] = {
        "path": articles_path(settings),
        "inputs": inputs(articles_path(settings)),
        "day": "" if base.key == _corpus(settings, "").key else date.today().isoformat(),
        "collection": collection(settings),
        "few": few(settings),
        "corpus": base,
        "words": vocabulary,
        "keywords": keywords(settings),
        "keyness": keyness(settings),
        "companions": companions(settings),
    }
    ready(made)
    return made


def _warm(engine: str) -> None:
    from topics.models import sweep

    sweep.warm(engine)


def tables(made: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Every table of a run by its name, also those without a row."""
    base, vocabulary, compared, described = made["corpus"], made["words"], made["comparison"], made["topics"]
    found: dict[str, list[pd.DataFrame]] = {
        "articles": [base["articles"]],
        "removals": [base["removals"]],
        "dropped": [base["dropped"], vocabulary["dropped"], vocabulary["wordless"], made["keyness"]["dropped"]],
        "repeats": [base["repeats"]],
        "terms": [vocabulary["terms"]],
        "scores": [compared["scores"]],
        "series": [made["keywords"]["series"], *(kept["series"] for kept in made["topics_over_time"].values())],
        "trends": [made["keywords"]["trends"], *(kept["trends"] for kept in made["topics_over_time"].values())],
        "keyness": [made["keyness"]["keyness"]],
        "bursts": [made["keywords"]["bursts"]],
        "contexts": [made["keywords"]["contexts"]],
    }
    for name in ("topics", "topic_terms", "doc_topics", "matches"):
        found[name] = [kept[name] for kept in described.values()]
    return {
        name: conform(pd.concat(found[name], ignore_index=True), name) if found.get(name) else empty(name)
        for name in COLUMNS
    }
