"""The methods paragraph of a run, written from its settings and data, ready to be pasted; and how to cite it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topics.corpus import audit
from topics.report import public


def paragraph(made: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Corpus, cleaning, vocabulary, model, seeds, selection, intervals and software, in sentences."""
    parts = [_corpus(made), _words(made)]
    parts += [] if made["few"] else [_models(made), _over_time(made)]
    return " ".join([*parts, _software(record), *_public(made)])


def _public(made: Mapping[str, Any]) -> list[str]:
    if not made["settings"]["public"]:
        return []
    return [
        f"This report is for publication: of any article it quotes {public.QUOTATION} words in a row at most, and {public.ARTICLE} words in all."
    ]


def _corpus(made: Mapping[str, Any]) -> str:
    base = made["corpus"]
    table = audit.funnel(base["articles"], base["dropped"])
    lost = "; ".join(f"{row['left_out']:,} {row['why']}" for row in table.to_dict("records") if row["left_out"])
    steps = ", ".join(sorted(set(base["removals"]["step"]))).replace("_", " ")
    cleaned = f" Cleaning took out {len(base['removals']):,} passages ({steps})." if len(base["removals"]) else ""
    return (
        f"Of {table['n_in'].iloc[0]:,} articles found, {len(base['articles']):,} were analysed"
        f"{f' ({lost})' if lost else ''}. Their language (ISO 639-1): {base['language']}.{cleaned}"
    )


def _words(made: Mapping[str, Any]) -> str:
    base, settings = made["words"], made["settings"]
    kinds = base["terms"]["kind"].value_counts()
    lemmas = "lemmatised with simplemma" if settings["lemmas"] else "not lemmatised"
    counts = base["counts"]
    tokens = int(counts.matrix.sum())
    unit = "paragraphs" if counts.unit == "paragraph" else "articles"
    listed = ", ".join(
        f"{kinds.get(kind, 0):,} {name}"
        for kind, name in (("word", "words"), ("phrase", "phrases"), ("concept", "concepts"))
    )
    return f"Words were {lemmas}, not stemmed. {' '.join(base['notes'])} The vocabulary has {listed}; {tokens:,} tokens in {counts.matrix.shape[0]:,} {unit} were modelled."


def _models(made: Mapping[str, Any]) -> str:
    engine = made["settings"]["engine"]
    priors = "with an optimised asymmetric document prior and an optimised symmetric word prior (Wallach, Mimno & McCallum 2009)"
    how = {
        "gibbs": f"collapsed Gibbs sampling {priors}",
        "parallel": f"partially collapsed Gibbs sampling (Magnusson, Jonsson, Villani & Broman 2018) {priors}",
        "gensim": "gensim's online variational Bayes with an optimised asymmetric document prior (Hoffman, Blei & Bach 2010)",
    }[engine]
    grid = ", ".join(map(str, made["grid"]))
    chosen = made["comparison"]["choice"]
    suggestion = f" {chosen['why']}" if chosen["n_topics"] is None else f" Suggested: {chosen['why']}"
    return (
        f"Latent Dirichlet allocation (Blei, Ng & Jordan 2003) was fitted by {how} for {grid} topics, with {len(made['seeds'])} seeds each "
        f"({', '.join(map(str, made['seeds']))}). Counts were compared by document-completion perplexity (Wallach, Murray, Salakhutdinov & Mimno "
        f"2009), coherence (Röder, Both & Hinneburg 2015), exclusivity, diversity, and agreement of topics between runs beyond what word-shuffled text gives.{suggestion} "
        "Intervals of shares are the middle 95 % of joint posterior draws: these articles, given these topics."
    )


def _over_time(made: Mapping[str, Any]) -> str:
    trends = made["keywords"]["trends"]
    if trends.empty or "n_family" not in trends or not (tested := int(trends["n_family"].iloc[0])):
        return f"{made['keywords']['why']} No trend was tested."
    return (
        f"{made['keywords']['why']} Trends are slopes of the log-odds that an article mentions a name, from a model of the periods weighted by their articles, with "
        f"AR(1) errors by restricted likelihood, averaged over a grid whose weights the whole family gives; {tested} names were tested together and the false discovery rate held at 5 % (Benjamini & Hochberg 1995). Shares have Wilson's "
        "interval on the effective number of articles."
    )


def _software(record: Mapping[str, Any]) -> str:
    versions = record["libraries"]
    named = ", ".join(
        f"{name} {versions[name]}" for name in ("gensim", "nltk", "numpy", "scipy", "pandas", "numba", "simplemma")
    )
    return f"Software: topics {record['topics']}, Python {record['python']}, {named}."


def citation(record: Mapping[str, Any]) -> str:
    """How to cite the software."""
    return f"The topics authors. topics: from scraped news articles to a report on topics and keyword trends. Version {record['topics']}."
