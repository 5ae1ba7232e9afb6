"""The steps in order: the only module that knows the order, and the only one that hands out settings.

Each step is a function of the settings. It is kept in the store under what decided it, so that a notebook that asks for a
step that `make reports` has made reads it, and one that asks for another topic count pays for its own fits alone.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, replace
from datetime import date
from functools import partial, wraps
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from topics import corpus as corpus_room
from topics import store
from topics.corpus import audit
from topics.corpus.corrections import beside_exactly
from topics.many import processes, threads, worker_count
from topics.settings import (
    Settings,
    articles_path,
    by_hand,
    check_count,
    check_parameters,
    config_file,
    deciding,
    load,
    make_folder,
)
from topics.store import inputs
from topics.tables import COLUMNS, UserError, conform, empty, together

if TYPE_CHECKING:
    from topics.models.labels import Label
    from topics.models.lda import TopicModel
    from topics.models.scores import Completion
    from topics.models.steps import Reported
    from topics.models.sweep import Job

Tell = Callable[[str], None]
Track = Callable[..., Iterable[Any]]
Step = Callable[[Settings], object]


HELD_OUT = 5  # every fifth article, by chance, is held out for perplexity
READING_GROUPS = (2, 3)  # topic counts where articles are few
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
    checks: list[Callable[[], Any]] = [lambda: load(config_file(config), given)[0]]
    if shell := _shell():  # what the notebook is given besides: told before minutes of work, not after
        named = shell.user_ns
        checks.append(lambda: check_parameters(named.get("In", ())))
        checks += [lambda: make_folder("out", named["out"])] if named.get("out") is not None else []
        checks += [lambda: check_count("n_topics", named["n_topics"])] if "n_topics" in named else []
    found: Settings = together(*checks)[0]
    return found


# --- steps ------------------------------------------------------------------------------------------------------------------


def _keep(settings: Settings, key: str, build: Callable[[], store.Result]) -> store.Kept:
    from topics.models.lda import TopicModel
    from topics.models.scores import Completion
    from topics.words.counts import Counts

    folder = Path(settings.cache)
    try:
        return store.keep(folder, key, build, classes=(Counts, TopicModel, Completion))
    except OSError as problem:
        if folder.is_dir() and os.access(folder, os.W_OK):
            problem.filename = problem.filename or str(folder)
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
    today = date.today().isoformat()
    return kept if kept["articles"]["date"].max() <= today else _corpus(settings, today)


def _corpus(settings: Settings, day: str) -> store.Kept:
    """The corpus read on a day: a date after it is none. The day enters the key only where it decides something; nothing: the last of all days."""
    path = articles_path(settings)
    found = inputs(path)
    _no_reports(path, found)
    known = corpus_room.STEPS
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
        with processes(settings.workers, sum(item["bytes"] for item in found) // 2000) as many:
            return corpus_room.prepare(path, today=today, map=many, **values)

    return _keep(settings, key, build)


def _no_reports(path: Path, found: list[dict[str, Any]]) -> None:
    """Raises `UserError` where a report of ours lies among the articles: its tables and pages would be read as articles."""
    for record in [path / item["file"] for item in found if Path(item["file"]).name == RECORD]:
        try:
            said = json.loads(record.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(said, dict) and {"topics", "outputs"} <= said.keys():
            raise UserError(
                f"{path}: holds a report, which is no article: {record.parent}. Move it away, or give a folder of articles alone."
            )


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
    known = _concepts_in_force(settings)
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
        with threads(settings.workers) as many:
            return counts.prepare(base["articles"], concepts=known, map=many, **values)

    return _keep(settings, key, build)


def _concepts_in_force(settings: Settings) -> pd.DataFrame | None:
    """The concepts. Raises `UserError` where a stop word is the name of one, which would stay in the models all the same."""
    known = _concepts(settings)
    names = {} if known is None else {name.lower(): name for name in known["name"]}
    if stopped := [names[word.lower()] for word in settings.stop_words if word.lower() in names]:
        raise UserError(
            f"stop_words: {', '.join(map(repr, stopped))} stands in {Path(settings.concepts).name} and would stay in the "
            "models. Take it out of that file, or hide it with hide_words."
        )
    return known


def _concepts(settings: Settings) -> pd.DataFrame | None:
    """The rows of the file of concepts; None where there is none."""
    from topics.words import concepts

    file = by_hand(settings, "concepts")
    return concepts.read_concepts(file) if file.is_file() else None


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


def fit(settings: Settings, job: Job) -> TopicModel:
    """One fit, kept alone."""
    return _fit(settings, job)["model"]


def _fit(settings: Settings, job: Job) -> store.Kept:
    return _keep(settings, _fit_key(settings, job), lambda: {"model": _made(settings, [job])[0]})


def _made(settings: Settings, jobs: list[Job], threads: int = 1, tick: Callable[[], object] = bool) -> list[TopicModel]:
    """The fits of jobs that differ in their seed alone."""
    from topics.models import sweep

    counts = _fitted(settings, jobs[0])["train" if jobs[0].text == "train" else "counts"]
    # The pool starts a thread when it has work, which the default engine never gives it.
    with ThreadPoolExecutor(threads) as pool:
        return sweep.fit_jobs(counts, jobs, engine=settings.engine, map=pool.map, tick=tick)


def _make(settings: Settings, jobs: list[Job], threads: int, tick: Callable[[], object]) -> None:
    """See to it that these fits are kept, each alone, and what they foretell."""
    for job, model in zip(jobs, _made(settings, jobs, threads, tick), strict=True):
        _keep(settings, _fit_key(settings, job), partial(dict, model=model))
        if job.text == "train":
            foretold(settings, job)


def foretold(settings: Settings, job: Job) -> Completion:
    """What a fit to the training articles foretells of those held out."""
    from topics.models import scores

    key = store.key("foretold", room="models", values={}, inputs=[_fit_key(settings, job)])

    def build() -> store.Result:
        return {"completion": scores.complete(fit(settings, job), held_out(settings)["test"])}

    return _keep(settings, key, build)["completion"]


def _fitted(settings: Settings, job: Job) -> store.Kept:
    """The step whose counts a job is fitted to."""
    return held_out(settings) if job.text == "train" else words(settings)


def _fit_key(settings: Settings, job: Job) -> str:
    values = asdict(job) | {"engine": settings.engine}
    return store.key("fit", room="models", values=values, inputs=[_fitted(settings, job).key])


def fits(settings: Settings, jobs: Iterable[Job], track: Track = watched, beside: Iterable[Step] = ()) -> None:
    """See to it that all these fits are kept: side by side, in threads and within each (`sweep.companies`), the longest first; what is kept already
    is not done again.

    Threads that are left over, where fewer fits are missing than there are workers, go into fits of the engine `parallel`. The steps
    `beside` begin when the last fits have begun: a thread has them to do that would wait for the others.
    """
    from topics.models import sweep
    from topics.models.lda import PARTS

    missing = [job for job in jobs if not store.is_kept(Path(settings.cache), _fit_key(settings, job))]
    workers = worker_count(settings.workers)
    threads = max(1, workers // max(1, len(missing)))
    companies = sweep.companies(missing, words(settings)["counts"].matrix.shape[0], workers, settings.engine)
    companies.sort(key=lambda company: -company[0].n_topics * len(company))
    # Three equal fits on two cores take one and a half times as long as one when they share them, twice as long in two rounds.
    shared = workers == worker_count("auto") and workers < len(companies) < 2 * workers
    news: SimpleQueue[Future[None] | None] = SimpleQueue()  # None: a part of some fit is done
    pool = ThreadPoolExecutor(len(companies) if shared else workers)
    try:
        for company in companies:
            pool.submit(_make, settings, company, threads, partial(news.put, None)).add_done_callback(news.put)
        steps = [pool.submit(step, settings) for step in beside]
        total = len(missing) * PARTS + len(companies)
        for _ in track(_until_done(news, len(companies)), total=total, what=f"{len(missing)} fits, in parts"):
            pass
        for done in steps:
            done.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _until_done(news: SimpleQueue[Any], left: int) -> Iterator[None]:
    """One item for each part of a fit and each company, until all are done; a fit that failed raises."""
    while left:
        done = news.get()
        if done is not None:
            done.result()
            left -= 1
        yield


# --- what the fits say together -----------------------------------------------------------------------------------------------


def comparison(settings: Settings, track: Track = watched, beside: Iterable[Step] = ()) -> store.Kept:
    """The grid together: `scores` (with `text`: whole or shuffled), `stability`, `convergence`, `shown`, `choice`, `few`.

    `shown` has the seed of each count's representative run. `choice` has the suggested count, or none, and the reasons. `beside` is of `fits`.
    """
    counts, seeds = grid(settings), list(settings.seeds)
    values = {"counts": list(counts), "seeds": seeds, "engine": settings.engine, "few": few(settings)}
    key = store.key("comparison", room="models", values=values, inputs=[words(settings).key])
    return _keep(settings, key, lambda: _compare(settings, counts, track, beside))


def few(settings: Settings) -> bool:
    """Whether the articles are too few for anything to be counted by article."""
    return len(corpus(settings)["articles"]) < audit.FEW


def paged(settings: Settings) -> tuple[int, ...]:
    """The topic counts asked for; none where the suggested one is to be taken."""
    return () if isinstance(settings.topic_counts, str) else settings.topic_counts


def _compare(settings: Settings, counts: tuple[int, ...], track: Track, beside: Iterable[Step]) -> store.Result:
    from topics.models import steps, sweep

    texts = ("whole", "shuffled") if few(settings) else ("whole", "shuffled", "train")
    wanted = sweep.jobs(counts, settings.seeds, *texts)
    fits(settings, wanted, track, beside)
    base = words(settings)
    made = {text: {k: _models(settings, k, text) for k in counts} for text in ("whole", "shuffled")}
    told = {(job.n_topics, job.seed): foretold(settings, job) for job in wanted if job.text == "train"}
    with threads(settings.workers) as many:
        compared = steps.compare(made["whole"], made["shuffled"], told, base, map=many)
    choice = sweep.none_of_few(len(base["doc_ids"]))
    if not few(settings):
        choice = sweep.choose(compared["scores"].query("text == 'whole'"), compared["stability"])
    return compared | {"few": few(settings), "choice": asdict(choice)}


def _models(settings: Settings, n_topics: int, text: str) -> list[TopicModel]:
    """The fits of one count to one text, all its seeds."""
    from topics.models import sweep

    return [fit(settings, job) for job in sweep.jobs([n_topics], settings.seeds, text)]


def splits(settings: Settings) -> store.Kept:
    """How topics divide and join over the grid: `topics` of every count, labelled and merged as on their pages, and `alignment`, each count with the next."""
    from topics.models import steps

    compared, base = comparison(settings), words(settings)
    key = store.key("splits", room="models", values=_listing_values(settings), inputs=[compared.key])

    def build() -> store.Result:
        shown = {k: reported(settings, k, seed) for k, seed in compared["shown"].items()}
        return steps.splits(shown, base, _hidden(settings))

    return _keep(settings, key, build)


def _listing_values(settings: Settings) -> dict[str, Any]:
    """What decides how topics are listed: words hidden, labels written by hand."""
    file = by_hand(settings, "labels")
    return {
        "hide_words": list(settings.hide_words),
        "labels": store.file_digest(file) if file.is_file() else None,
    }


def _labels(settings: Settings) -> list[Label]:
    """The labels that people have written."""
    from topics.models import labels

    return labels.read_labels(by_hand(settings, "labels"))


def reported(settings: Settings, n_topics: int, seed: int) -> Reported:
    """The fit of one count and seed with its topics merged as `labels.yml` says."""
    from topics.models import steps, sweep

    fitted = fit(settings, sweep.Job("whole", n_topics, seed))
    return steps.reported(fitted, _labels(settings), words(settings))


def topics(settings: Settings, n_topics: int, track: Track = watched, beside: Iterable[Step] = ()) -> store.Kept:
    """The topics of one count: `topics, topic_terms, doc_topics, matches, stability, labels, groups, seed, floor`; `beside` is of `fits`."""
    check_count("n_topics", n_topics)
    values = {"n_topics": n_topics, "seeds": list(settings.seeds), "engine": settings.engine}
    key = store.key("topics", room="models", values=values | _listing_values(settings), inputs=[words(settings).key])
    return _keep(settings, key, lambda: _describe(settings, n_topics, track, beside))


def _describe(settings: Settings, n_topics: int, track: Track, beside: Iterable[Step]) -> store.Result:
    from topics.models import steps, sweep

    texts = ("whole", "shuffled", "resampled")
    fits(settings, sweep.jobs([n_topics], settings.seeds, *texts), track, beside)
    runs, shuffled, resampled = (_models(settings, n_topics, text) for text in texts)
    return steps.describe(runs, shuffled, resampled, _labels(settings), words(settings), _hidden(settings))


def _hidden(settings: Settings) -> set[str]:
    """The terms that lists, labels and figures leave out, though the models count them."""
    from topics.words import counts

    return counts.hidden_terms(words(settings), settings.hide_words) if settings.hide_words else set()


def runs(settings: Settings, n_topics: int, kept: store.Kept) -> tuple[TopicModel, dict[int, TopicModel]]:
    """The fit of one count that is reported, and those of the other seeds, with topics merged alike. `kept` is of `topics`."""
    from topics.models import sweep

    shown = reported(settings, n_topics, kept["seed"])
    others = [seed for seed in settings.seeds if seed != kept["seed"]]
    return shown.model, {
        seed: shown.like(fit(settings, sweep.Job("whole", n_topics, seed)), kept["floor"]) for seed in others
    }


def reading(settings: Settings, n_topics: int) -> store.Kept:
    """What is read of the topics of one count (`models.steps.read`); where articles are few `groups` of paragraphs and what is `said` of them."""
    kept = topics(settings, n_topics)
    inputs = [kept.key] if few(settings) else [kept.key, comparison(settings).key]
    key = store.key("reading", room="models", values={}, inputs=inputs)
    return _keep(settings, key, lambda: _read(settings, n_topics, kept))


def _read(settings: Settings, n_topics: int, kept: store.Kept) -> store.Result:
    from topics.models import steps

    base = words(settings)
    shown, others = runs(settings, n_topics, kept)
    if few(settings):
        return steps.read_few(shown, base)
    elsewhere = {("seed", n_topics, seed): model for seed, model in others.items()}
    for k, seed in comparison(settings)["shown"].items():
        if k != n_topics:
            elsewhere["count", k, seed] = reported(settings, k, seed).model
    return steps.read(shown, elsewhere, kept, base, corpus(settings)["articles"])


def topics_over_time(settings: Settings, n_topics: int) -> store.Kept:
    """The topics of one count over time and between groups: `series, trends, groups` and `length, why` of the periods."""
    kept, tested, said = topics(settings, n_topics), reports_on(settings), collection(settings)
    values = {"period": settings.period, "collection": said, "n_topics": n_topics, "reports_on": tested}
    key = store.key("topics_over_time", room="trends", values=values, inputs=[kept.key])

    def build() -> store.Result:
        from topics.trends import steps

        shown, others = runs(settings, n_topics, kept)
        articles, time = corpus(settings)["articles"], calendar(settings)
        return steps.topics_over_time(shown, others, kept, words(settings), articles, time, tested, said.get("seasons"))

    return _keep(settings, key, build)


def shown_counts(settings: Settings) -> tuple[int, ...]:
    """The topic counts that get a page: those asked for, else the suggested one; where none is, the smallest tried, or the larger of reading groups."""
    if asked := paged(settings):
        return asked
    suggested = comparison(settings)["choice"]["n_topics"]
    return (suggested or grid(settings)[-1 if few(settings) else 0],)


def reports_on(settings: Settings) -> int:
    """The one topic count at which topics' trends are tested: the foremost of those that get a page."""
    from topics.models import sweep

    return sweep.foremost(shown_counts(settings), comparison(settings)["choice"])


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
    named = periods[["ordinal", "period", "partial"]]
    return counted.merge(named, on="ordinal")[["period", "source", "n_docs", "partial"]]


def keywords(settings: Settings) -> store.Kept:
    """Concepts and keywords over time (`trends.steps.follow`). Where articles are few, no series."""
    base, said, totals = words(settings), collection(settings), published(settings)
    values: dict[str, Any] = {"keywords": list(settings.keywords), "period": settings.period, "collection": said}
    values["totals"] = [] if totals is None else totals.to_numpy().tolist()
    key = store.key("keywords", room="trends", values=values, inputs=[base.key])

    def build() -> store.Result:
        from topics.trends import steps

        articles, time, concepts = corpus(settings)["articles"], calendar(settings), _concepts(settings)
        return steps.follow(base, articles, time, settings.keywords, concepts, said, totals, few(settings))

    return _keep(settings, key, build)


def published(settings: Settings) -> pd.DataFrame | None:
    """How many articles each outlet published in each period, from `totals.csv` beside the articles; None where there is none."""
    from topics.trends import periods

    file = beside_exactly(articles_path(settings), "totals.csv")
    return periods.read_totals(file) if file else None


def keyness(settings: Settings) -> store.Kept:
    """What marks groups of articles out of the whole vocabulary (`trends.steps.compare_groups`)."""
    base = words(settings)
    key = store.key("keyness", room="trends", values={"period": settings.period}, inputs=[base.key])

    def build() -> store.Result:
        from topics.trends import steps

        return steps.compare_groups(base, corpus(settings)["articles"], calendar(settings)[0], few(settings))

    return _keep(settings, key, build)


def companions(settings: Settings) -> store.Kept:
    """Which terms stand in the sentences of each name (`trends.steps.companions`)."""
    base = words(settings)
    values = {"keywords": list(settings.keywords), "period": settings.period}
    key = store.key("companions", room="trends", values=values, inputs=[base.key])

    def build() -> store.Result:
        from topics.trends import steps

        articles, placed = corpus(settings)["articles"], calendar(settings)[0]
        return steps.companions(base, articles, placed, settings.keywords, few(settings))

    return _keep(settings, key, build)


# --- everything -------------------------------------------------------------------------------------------------------------


def everything(
    settings: Settings, tell: Tell = quiet, track: Track = watched, ready: Callable[[dict[str, Any]], object] = dict
) -> dict[str, Any]:
    """All steps in order, for a report: the results kept, the counts that get a page, and every table by name.

    `ready` is told what is made as soon as it is enough for another page.
    """
    from topics.models import sweep

    tell("reading, cleaning and dating the articles")
    # The sampler is compiled, once on a machine, while articles are read.
    Thread(target=sweep.warm, args=[settings.engine], daemon=True).start()
    base = corpus(settings)
    tell(f"{len(base['articles']):,} articles; counting words")
    vocabulary = words(settings)
    _enough_published(settings)
    tell(f"{len(vocabulary['terms']):,} terms; fitting {', '.join(map(str, grid(settings)))} topics")
    # At the end of the fits, not from their beginning: what keeps the interpreter busy makes fits of few words wait for its lock.
    compared = comparison(settings, track, beside=WITHOUT_FITS)
    counts = shown_counts(settings)
    settings = replace(settings, topic_counts=counts)  # as the notebooks of the run will have them
    made = _without_fits(settings) | {"comparison": compared, "suggested": compared["choice"]["n_topics"]}
    tell("following topics over time")
    made["topics"] = {k: topics(settings, k, track, beside=[lambda _: ready(made)]) for k in counts}
    timed = () if few(settings) else counts
    with threads(settings.workers) as many:
        divided = many(splits, [settings])
        over_time, read = many(partial(topics_over_time, settings), timed), many(partial(reading, settings), counts)
        made["reading"] = dict(zip(counts, read, strict=True))
        made["topics_over_time"] = dict(zip(timed, over_time, strict=True))
        made["splits"] = next(iter(divided))
    made |= {
        "settings": deciding(settings),
        "topic_counts": counts,
        "grid": grid(settings),
        "seeds": settings.seeds,
    }
    ready(made)
    return made | {"tables": tables(made)}


def check_by_hand(settings: Settings) -> None:
    """Read all that people write for a run, before any work. Raises `UserError` with all that is wrong: labels, concepts and stop words that are
    concepts, `collection.yml`, `totals.csv`, keywords with nothing to look for.
    """
    from topics.trends import contexts

    keywords = [partial(contexts.check_name, name) for name in settings.keywords]
    files = [partial(read, settings) for read in (_labels, _concepts_in_force, collection, published)]
    together(*keywords, *files)


def _enough_published(settings: Settings) -> None:
    """Raises `UserError`, before any fit, where totals are fewer than the articles."""
    from topics.trends import periods

    placed, calendared, _, _ = calendar(settings)
    periods.denominators(calendared, placed, published(settings))


WITHOUT_FITS = (keywords, keyness, companions)


def _without_fits(settings: Settings) -> dict[str, Any]:
    """What a run has that rests on no fit: articles, words, keywords over time, what marks groups."""
    base = corpus(settings)
    return {
        "path": articles_path(settings),
        "inputs": inputs(articles_path(settings)),
        "day": "" if base.key == _corpus(settings, "").key else date.today().isoformat(),
        "collection": collection(settings),
        "few": few(settings),
        "corpus": base,
        "words": words(settings),
        **{step.__name__: step(settings) for step in WITHOUT_FITS},
    }


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
