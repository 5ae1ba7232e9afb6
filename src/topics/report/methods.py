"""The methods paragraph of a run, written from its settings and data, ready to be pasted; and how to cite it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from topics import pipeline
from topics.corpus import audit
from topics.models import lda, stability
from topics.report import public
from topics.report.html import several
from topics.trends.statistics import MOVED
from topics.words.lemmas import lemmas_known


def paragraph(made: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Corpus, cleaning, vocabulary, model, seeds, selection, intervals and software, in sentences."""
    parts = [_corpus(made), _words(made), _fits(made)]
    parts += [_reading(made)] if made["few"] else [_models(made), _over_time(made), _groups(made)]
    return " ".join(filter(None, [*parts, _by_hand(made), _software(made, record), _public(made)]))


def _listed(items: Iterable[Any]) -> str:
    return ", ".join(map(str, items))


def left_out_of(funnel: pd.DataFrame) -> list[str]:
    """How many articles each stage left out, and why."""
    return [f"{n:,} {why}" for n, why in zip(funnel["left_out"], funnel["why"], strict=True) if n]


def _public(made: Mapping[str, Any]) -> str:
    if not made["settings"]["public"]:
        return ""
    return f"This report is for publication: of any article it quotes {public.QUOTATION} words in a row at most, and {public.ARTICLE} words in all, of an article of fewer than {public.ARTICLE * public.PART} words no more than a quarter (or one quotation), its title aside."


def _corpus(made: Mapping[str, Any]) -> str:
    base, articles = made["corpus"], made["corpus"]["articles"]
    table = audit.funnel(articles, base["dropped"])
    lost = "; ".join(left_out_of(table))
    unread = audit.unread_said(base["dropped"])
    dated = articles[articles["date"] != ""]
    undated = len(articles) - len(dated)
    outlets = articles.loc[articles["source"] != "", "source"].nunique()
    span = f", published {dated['date'].min()} to {dated['date'].max()}" if len(dated) else ", without dates"
    span += f" ({undated:,} without a date)" if undated and len(dated) else ""
    span += f", from {several(outlets, 'outlet')}" if outlets else ""
    query = made["collection"].get("query")
    sources = _listed(f"{source} {n:,}" for source, n in dated["date_source"].value_counts().items())
    steps = _listed(sorted(set(base["removals"]["step"]))).replace("_", " ")
    sentences = [
        f"Of {several(table['n_in'].iloc[0], 'article')} found, {len(articles):,} {'was' if len(articles) == 1 else 'were'} analysed, of {several(articles['n_words'].sum(), 'word')} in all"
        f"{f' (left out: {lost})' if lost else ''}{span}{f', found by searching for “{query}”' if query else ''}.",
        f"{unread}." if unread else "",
        f"Where dates were found: {sources}." if sources else "",
        f"Of articles of the same words one is kept, and so of near repeats: candidates found by MinHash (Broder 1997) whose shingles of five words have an exact Jaccard similarity of {made['settings']['near_repeats']:g} or more.",
        f"Language (ISO 639-1): {base['language']}.",
        f"Cleaning took out or repaired {several(len(base['removals']), 'passage')} ({steps})." if steps else "",
    ]
    return " ".join(filter(None, sentences))


def _lemmatised(made: Mapping[str, Any]) -> bool:
    """Whether lemmas were looked up: asked for, and known of the language."""
    return bool(made["settings"]["lemmas"]) and lemmas_known(made["corpus"]["language"])


def _words(made: Mapping[str, Any]) -> str:
    base, settings = made["words"], made["settings"]
    kinds, counts = base["terms"]["kind"].value_counts(), base["counts"]
    listed = _listed(several(kinds.get(kind, 0), kind) for kind in ("word", "phrase", "concept"))
    own = [(settings["stop_words"], "Further words left out of the models"), (settings["keep_words"], "Stop words kept"),
           (settings["leave_out"], "Kinds of names left out"), (settings["hide_words"], "Hidden from lists alone")]  # fmt: skip
    sentences = [
        f"Words were {'lemmatised with simplemma, not' if _lemmatised(made) else 'neither lemmatised nor'} stemmed.",
        "Phrases of two to four words were learned by normalised pointwise mutual information (Bouma 2009)."
        if settings["phrases"]
        else "",
        *(f"{what}: {_listed(words)}." for words, what in own if words),
        *base["notes"],
        f"The vocabulary has {listed}; {several(int(counts.matrix.sum()), 'token')} in {several(counts.matrix.shape[0], counts.unit)} were modelled.",
    ]
    return " ".join(filter(None, sentences))


def _fits(made: Mapping[str, Any]) -> str:
    """How the fits were made, whatever they are used for."""
    priors = "with an optimised asymmetric document prior, held towards its mean, and an optimised symmetric word prior (Wallach, Mimno & McCallum 2009)"
    how = {
        "gibbs": f"collapsed Gibbs sampling (Griffiths & Steyvers 2004) {priors}",
        "parallel": f"partially collapsed Gibbs sampling (Magnusson, Jonsson, Villani & Broman 2018) {priors}",
        "gensim": "gensim's online variational Bayes, both priors learned (Hoffman, Blei & Bach 2010)",
    }[made["settings"]["engine"]]
    if made["settings"]["engine"] != "gensim":
        how += f", {lda.default_sweeps(int(made['words']['counts'].matrix.sum())):,} sweeps, the first half burn-in"
    return f"Latent Dirichlet allocation (Blei, Ng & Jordan 2003) was fitted by {how}, for {_listed(made['grid'])} topics, with {several(len(made['seeds']), 'seed')} each ({_listed(made['seeds'])})."


def _reading(made: Mapping[str, Any]) -> str:
    groups = _listed(made["topic_counts"])
    return f"Its topics at {groups} are groups of paragraphs, a way into reading them. {made['comparison']['choice']['why']} No share, score or trend is reported."


def _models(made: Mapping[str, Any]) -> str:
    shown = "; ".join(f"{count} topics, seed {made['topics'][count]['seed']}" for count in made["topic_counts"])
    chosen = made["comparison"]["choice"]
    held_out = len(made["corpus"]["articles"]) // pipeline.HELD_OUT
    interval = "Intervals of shares are the middle 95 % of joint posterior draws: these articles, given these topics."
    if made["settings"]["engine"] == "gensim":
        interval = "Shares have no intervals, since this fit has no posterior draws."
    return (
        f"Shown are the fits most like the others ({shown}). Topics of two fits are matched one to one by their terms and their shares over {made['words']['counts'].unit}s. Counts were compared by document-completion perplexity of "
        f"{held_out:,} articles held out at random, one in {pipeline.HELD_OUT} (Wallach, Murray, Salakhutdinov & Mimno 2009), coherence (Röder, Both & Hinneburg 2015), exclusivity (Roberts, Stewart & Tingley 2019), diversity (Dieng, Ruiz & Blei 2020), and agreement of topics between runs beyond what "
        f"{len(stability.SHUFFLED_SEEDS)} fits to word-shuffled text give. {'' if chosen['n_topics'] is None else 'Suggested: '}{chosen['why']} {interval}"
    )


def _over_time(made: Mapping[str, Any]) -> str:
    """Periods, and what was tested for a trend: names in one family, the topics of the reported count in another."""
    tested = [several(n, "name")] if (n := _tested(made["keywords"]["trends"])) else []
    over_time = made["topics_over_time"].items()
    tested += [f"{several(n, 'topic')} of the {count}" for count, kept in over_time if (n := _tested(kept["trends"]))]
    if not tested:
        return f"{made['keywords']['why']} No trend was tested."
    return (
        f"{made['keywords']['why']} Trends are slopes of the log-odds of a share of articles (that mention a name), or of a topic's mean share, from a model of the periods weighted by their articles and held within outlets, with "
        "AR(1) errors by restricted likelihood (Patterson & Thompson 1971), averaged over a grid whose weights the whole family gives; tested together "
        f"were {' and, apart from them, '.join(tested)}; a thing is said to have risen or fallen where its q is at most {MOVED} in its family (Benjamini & Hochberg 1995), with an interval widened for having been chosen (Benjamini & Yekutieli 2005). Shares of articles have Wilson's interval (Wilson 1927) on the effective number of "
        "articles (Kish 1965). Bursts and breaks of names were sought by a scan (Kulldorff 1997) against simulated series without any."
    )


def _tested(trends: pd.DataFrame) -> int:
    return int(trends["n_family"].iloc[0]) if len(trends) else 0


def _groups(made: Mapping[str, Any]) -> str:
    """Which groups of articles were compared word by word: those too small to be tested are not named."""
    groups = [each for each in made["keyness"]["groups"] if each["tested"]]
    if not groups:
        return ""
    pairs = "; ".join(f"{each['group']} against {each['against']}" for each in groups)
    return (
        f"Groups of articles ({pairs}) were compared term by term by log-odds with an informative Dirichlet prior (Monroe, Colaresi & Quinn 2008), tested over blocks of time ({_listed(sorted({each['blocks'] for each in groups}))}), not over words, "
        "and confirmed by permuting blocks, the false discovery rate of each comparison held at 5 %."
    )


def _by_hand(made: Mapping[str, Any]) -> str:
    """What a person decided, beside the settings."""
    labelled = sum(int((kept["labels"]["topic"] > 0).sum()) for kept in made["topics"].values())
    corrected = "corrections.csv" in [item["file"] for item in made["inputs"]]  # one in a folder within is not applied
    said = ["articles were corrected (corrections.csv)"] if corrected else []
    said += [f"{several(labelled, 'topic')} named, merged or set aside (labels.yml)"] if labelled else []
    return f"By hand, {' and '.join(said)}." if said else ""


CITED = {
    "gensim": "Řehůřek & Sojka 2010", "numpy": "Harris et al. 2020", "scipy": "Virtanen et al. 2020",
    "pandas": "McKinney 2010", "numba": "Lam, Pitrou & Seibert 2015", "matplotlib": "Hunter 2007", "py3langid": "Lui & Baldwin 2012",
    "ftfy": "Speer 2019", "simplemma": "Barbaresi 2021a", "trafilatura": "Barbaresi 2021b", "htmldate": "Barbaresi 2020",
}  # fmt: skip
PAGE = re.compile(r"\.([xm]?html?|mht)(\.(gz|bz2|xz))?$", re.IGNORECASE)  # the name of a web page, packed or not


def _software(made: Mapping[str, Any], record: Mapping[str, Any]) -> str:
    """Every library that a number of this run rests on, with its version and what its authors ask to cite."""
    files = [*(item["file"] for item in made["inputs"]), *made["corpus"]["articles"]["file"]]  # in archives as well
    pages = any(map(PAGE.search, files))
    used = {"gensim": made["settings"]["engine"] == "gensim", "simplemma": _lemmatised(made)}
    used |= dict.fromkeys(("trafilatura", "htmldate"), pages)
    named = _listed(f"{name} {record['libraries'][name]} ({CITED[name]})" for name in CITED if used.get(name, True))
    return f"Software: topics {record['topics']}, Python {record['python']}, {named}; all versions stand in provenance.json."


CITATION = re.compile(
    r"([A-ZÀ-ÞŘ][\w'’-]+)((?:,\s+[^\W\d_][\w'’-]+)*(?:\s+et\s+al\.|,?\s+(?:&|and)\s+[^\W\d_][\w'’-]+)?)\s+\(?((?:19|20)\d\d[ab]?)\b"
)


def references(text: str) -> list[str]:
    """Of the works that the project rests on (METHODS.md lists them) those that a text cites, in full and in order.

    >>> [each[:30] for each in references("as by Kulldorff (1997) and others (Wilson 1927; Blei, Ng & Jordan 2003)")]
    ['Blei, D. M., Ng, A. Y., & Jord', 'Kulldorff, M. (1997). A spatia', 'Wilson, E. B. (1927). Probable']
    """
    cited = set(CITATION.findall(text))
    lines = (Path(__file__).parent / "template" / "references.txt").read_text(encoding="utf-8").splitlines()
    works = (line.split(" | ") for line in lines)
    return [full for short, full in works if CITATION.findall(short.replace(" and ", " & "))[0] in cited]


def citation(record: Mapping[str, Any]) -> str:
    """How to cite the software."""
    return f"The topics authors. topics: from scraped news articles to a report on topics and keyword trends. Version {record['topics']}."
