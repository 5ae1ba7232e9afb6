"""The methods paragraph of a run, written from its settings and data, ready to be pasted; and how to cite it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from topics.corpus import audit
from topics.models import lda
from topics.report import public


def paragraph(made: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Corpus, cleaning, vocabulary, model, seeds, selection, intervals and software, in sentences."""
    parts = [_corpus(made), _words(made)]
    parts += [_reading(made)] if made["few"] else [_models(made), _over_time(made)]
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
    articles = base["articles"]
    dated = articles.loc[articles["date"] != "", "date"]
    outlets = articles.loc[articles["source"] != "", "source"].nunique()
    span = f", published {dated.min()} to {dated.max()}" if len(dated) else ", without dates"
    query = made["collection"].get("query")
    near = made["settings"]["near_repeats"]
    return (
        f"Of {table['n_in'].iloc[0]:,} articles found, {len(articles):,} of {articles['n_words'].sum():,} words were analysed"
        f"{f' ({lost})' if lost else ''}{span}{f', from {outlets:,} outlets' if outlets else ''}{f', found by searching for “{query}”' if query else ''}. "
        f"Articles count as repeats from a Jaccard similarity of {near:g} of their shingles of five words on (MinHash, Broder 1997); one of each is kept. "
        f"Language (ISO 639-1): {base['language']}.{cleaned}"
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
    phrases = (
        "Phrases of two to four words were learned by normalised pointwise mutual information (Bouma 2009). "
        if settings["phrases"]
        else ""
    )
    own = [(settings["stop_words"], "Further words left out of the models"), (settings["keep_words"], "Stop words kept"),
           (settings["leave_out"], "Kinds of names left out"), (settings["hide_words"], "Hidden from lists alone")]  # fmt: skip
    said = "".join(f"{what}: {', '.join(words)}. " for words, what in own if words)
    return f"Words were {lemmas}, not stemmed. {phrases}{said}{' '.join(base['notes'])} The vocabulary has {listed}; {tokens:,} tokens in {counts.matrix.shape[0]:,} {unit} were modelled."


def _reading(made: Mapping[str, Any]) -> str:
    groups = ", ".join(map(str, made["topic_counts"]))
    return (
        f"Paragraphs were put into {groups} groups by Latent Dirichlet allocation (Blei, Ng & Jordan 2003), as a way into reading them, with {len(made['seeds'])} seeds each. "
        f"{made['comparison']['choice']['why']} No share, score or trend is reported."
    )


def _models(made: Mapping[str, Any]) -> str:
    engine = made["settings"]["engine"]
    priors = "with an optimised asymmetric document prior and an optimised symmetric word prior (Wallach, Mimno & McCallum 2009)"
    how = {
        "gibbs": f"collapsed Gibbs sampling {priors}",
        "parallel": f"partially collapsed Gibbs sampling (Magnusson, Jonsson, Villani & Broman 2018) {priors}",
        "gensim": "gensim's online variational Bayes with an optimised asymmetric document prior (Hoffman, Blei & Bach 2010)",
    }[engine]
    if engine == "gibbs":
        how += f" ({lda.default_sweeps(int(made['words']['counts'].matrix.sum())):,} sweeps, the first half burn-in)"
    grid = ", ".join(map(str, made["grid"]))
    shown = "; ".join(f"{count} topics, seed {made['topics'][count]['seed']}" for count in made["topic_counts"])
    chosen = made["comparison"]["choice"]
    suggestion = f" {chosen['why']}" if chosen["n_topics"] is None else f" Suggested: {chosen['why']}"
    return (
        f"Latent Dirichlet allocation (Blei, Ng & Jordan 2003) was fitted by {how} for {grid} topics, with {len(made['seeds'])} seeds each "
        f"({', '.join(map(str, made['seeds']))}); shown are the fits most like the others ({shown}). Counts were compared by document-completion perplexity (Wallach, Murray, Salakhutdinov & Mimno "
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


CITED = {
    "gensim": "Řehůřek & Sojka 2010", "nltk": "Bird, Klein & Loper 2009", "numpy": "Harris et al. 2020", "scipy": "Virtanen et al. 2020",
    "pandas": "McKinney 2010", "numba": "Lam, Pitrou & Seibert 2015", "matplotlib": "Hunter 2007", "simplemma": "Barbaresi 2021",
    "trafilatura": "Barbaresi 2021", "htmldate": "Barbaresi 2020", "ftfy": "Speer 2019",
}  # fmt: skip


def _software(record: Mapping[str, Any]) -> str:
    """Every library that a number rests on, with its version and what its authors ask to cite."""
    named = ", ".join(f"{name} {record['libraries'][name]} ({source})" for name, source in CITED.items())
    return f"Software: topics {record['topics']}, Python {record['python']}, {named}; all versions stand in provenance.json."


def citation(record: Mapping[str, Any]) -> str:
    """How to cite the software."""
    return f"The topics authors. topics: from scraped news articles to a report on topics and keyword trends. Version {record['topics']}."
