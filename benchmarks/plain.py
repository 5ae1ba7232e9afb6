"""The plain way that `whole.py` measures beside us: what a careful user writes in four notebooks, with the usual libraries.

Files by hand, ftfy, trafilatura, htmldate and a dozen patterns for cleaning; nltk's tokeniser, simplemma, gensim's Phrases, Dictionary, LdaModel (ten
passes) and CoherenceModel; pandas and matplotlib, every figure also as SVG and PDF and every table as CSV. Nothing is kept from one notebook to the next. It does less than our pages: no near repeats, no
stability, no matching of topics, no passages, no intervals, no tests of trends, no map, no front page. References (shuffled text, held-out articles) are made and timed apart.
"""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ftfy
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import simplemma
import trafilatura
import yaml
from gensim.corpora import Dictionary
from gensim.models import CoherenceModel, LdaModel
from gensim.models.phrases import Phrases
from htmldate import find_date
from IPython.display import display
from nltk.text import Text
from nltk.tokenize import NLTKWordTokenizer
from py3langid import classify
from stopwordsiso import stopwords

COLUMNS = {
    "text": "text", "body": "text", "content": "text", "title": "title", "date": "date", "published": "date", "publish_date": "date", "source": "source",
    "article_source_link": "source",
}  # fmt: skip
CLEANING = [
    r"https?://\S+", r"\S+@\S+\.\w+", r"^\s*(?:by|reporting by|translated by|translating by)\b.{0,80}$", r"\((?:photo|source|image)[^)]*\)",
    r"^\s*(?:related|trending|other|more) (?:news|stories|articles)\b.*$", r"^\s*(?:share|tweet|subscribe|read more|advertisement)\b.{0,60}$",
    r"^\s*[A-Z][A-Z .,]{2,40}(?:, \w+ \d+)? ?(?:\([A-Z]+\))? ?[-–—]", r"\./\.", r"!?\[[^\]]*\](?:\([^)]*\))?", r"©.*$", r"^\s*\|.*\|\s*$",
]  # fmt: skip
DATES = [r"\b20\d\d-\d\d-\d\d\b", r"\b(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{1,2},? 20\d\d\b",
         r"\b\d{1,2} (?:January|February|March|April|May|June|July|August|September|October|November|December) 20\d\d\b"]  # fmt: skip


# --- what every notebook begins with --------------------------------------------------------------------------------------


def read(path: str) -> pd.DataFrame:
    """Articles of a folder or a zip: `text, title, date, source, file`."""
    rows: list[dict[str, Any]] = []
    for name, data in files(Path(path)):
        if name.endswith(".csv") and not name.endswith("metadata.csv"):
            table = pd.read_csv(io.BytesIO(data), encoding="utf-8", encoding_errors="replace").rename(columns=COLUMNS)
            rows += table[[c for c in table if c in COLUMNS.values()]].assign(file=name).to_dict("records")
        elif name.endswith((".html", ".htm")):
            page = data.decode("utf-8", errors="replace")
            rows.append({"text": trafilatura.extract(page) or "", "date": find_date(page), "file": name})
        elif name.endswith((".txt", ".md")):
            text = data.decode("utf-8", errors="replace")
            rows.append({"title": text.split("\n")[0], "text": text, "file": name})
    articles = pd.DataFrame(rows)
    source = articles["source"] if "source" in articles else pd.Series(index=articles.index, dtype=object)
    link = source.astype("string").str.extract(r"https?://([^/]+)")[0]
    articles["source"] = link.fillna(source.astype("string")).fillna(
        articles["file"].map(lambda f: Path(f).parent.name)
    )
    articles["text"] = articles["text"].fillna("").astype(str).map(ftfy.fix_text)
    return articles


def files(path: Path) -> Iterable[tuple[str, bytes]]:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                yield name, archive.read(name)
    else:
        for file in sorted(path.rglob("*")):
            if file.is_file():
                yield str(file.relative_to(path)), file.read_bytes()


def clean(articles: pd.DataFrame) -> tuple[pd.DataFrame, Counter[str]]:
    """Patterns taken out, dates parsed, other languages and exact repeats left out."""
    taken: Counter[str] = Counter()
    texts = articles["text"]
    for pattern in CLEANING:
        compiled = re.compile(pattern, re.M | re.I if pattern.startswith(r"^\s*(?:") else re.M)
        taken[pattern] += int(texts.map(lambda text, p=compiled: len(p.findall(text))).sum())
        texts = texts.map(lambda text, p=compiled: p.sub(" ", text))
    written = articles["date"] if "date" in articles else pd.Series(index=articles.index, dtype=object)
    found = articles["text"].map(lambda text: next((m[0] for p in DATES if (m := re.search(p, text[:600]))), None))
    date = pd.to_datetime(written.fillna(found), errors="coerce", format="mixed", utc=True).dt.tz_localize(None)
    cleaned = articles.assign(text=texts, date=date, language=[classify(text[:1500])[0] for text in texts])
    cleaned = cleaned[(cleaned["language"] == "en") & (texts.str.split().str.len() >= 20)]
    return cleaned[~cleaned["text"].str.lower().str.split().str.join(" ").duplicated()].reset_index(drop=True), taken


def tokenise(texts: Iterable[str]) -> list[list[str]]:
    """Lemmas of words of two letters or more, without stop words, phrases of up to four words joined."""
    tokenizer, stop = NLTKWordTokenizer(), stopwords("en")
    docs = [[simplemma.lemmatize(token, lang="en").lower() for token in tokenizer.tokenize(text)] for text in texts]
    for _ in range(2):
        phrases = Phrases(
            docs, min_count=5, threshold=0.5, scoring="npmi", connector_words=frozenset(["of", "the", "and"])
        )
        docs = [list(phrases[doc]) for doc in docs]
    return [[t for t in doc if len(t) > 1 and t not in stop and t[0].isalpha()] for doc in docs]


def count(docs: list[list[str]]) -> tuple[Dictionary, list[list[tuple[int, int]]]]:
    dictionary = Dictionary(docs)
    dictionary.filter_extremes(
        no_below=2 if len(docs) < 100 else 3 if len(docs) < 1000 else 5, no_above=0.5, keep_n=None
    )
    return dictionary, [dictionary.doc2bow(doc) for doc in docs]


def fit(bags: Any, dictionary: Dictionary, k: int, seed: int) -> LdaModel:
    return LdaModel(
        bags, id2word=dictionary, num_topics=k, passes=10, alpha="auto", eta="auto", random_state=seed, eval_every=None
    )


# --- what the notebooks show ---------------------------------------------------------------------------------------------


OUT = Path()  # where figures and tables go; the notebooks set it


def shown(title: str) -> None:
    """The figure in place, and as SVG and PDF."""
    name = re.sub(r"\W+", "-", title)
    plt.title(title)
    for form in ("svg", "pdf"):
        plt.savefig(OUT / f"{name}.{form}", bbox_inches="tight")
    plt.show()
    plt.close("all")


def told(table: pd.DataFrame, title: str) -> None:
    """The table in place, and as CSV."""
    table.to_csv(OUT / f"{title}.csv")
    display(table)


def series(articles: pd.DataFrame, values: pd.Series, title: str) -> None:
    """A figure of a mean by period with the number of articles beneath."""
    dated = articles["date"].notna()
    span = articles.loc[dated, "date"].max() - articles.loc[dated, "date"].min()
    period = articles.loc[dated, "date"].dt.to_period("Y" if span.days > 1500 else "M" if span.days > 500 else "W")
    grouped = values[dated].groupby(period).agg(["mean", "size"])
    _, (above, below) = plt.subplots(2, sharex=True, figsize=(7, 4), height_ratios=(3, 1))
    below.bar(grouped.index.astype(str), grouped["size"])
    below.tick_params(axis="x", rotation=60)
    above.plot(grouped.index.astype(str), grouped["mean"], marker="o")
    plt.sca(above)
    shown(title)


def corpus_page(raw: pd.DataFrame, articles: pd.DataFrame, taken: Counter[str]) -> None:
    counted = {"read": len(raw), "kept": len(articles), "dated": articles["date"].notna().sum()}
    told(pd.Series(counted).to_frame("articles"), "funnel")
    told(pd.Series(taken).to_frame("places taken out"), "removals")
    series(articles, pd.Series(1.0, articles.index), "Articles")
    articles["source"].value_counts().head(15).plot.barh()
    shown("Articles by source")
    articles["text"].str.split().str.len().plot.hist(bins=40)
    shown("Words an article")
    told(articles, "articles")


def counts_page(docs: list[list[str]], grid: list[int], seeds: list[int], bound: int | None, log: str) -> None:
    """Every count with every seed, scored (or the first `bound` of them, all counts with one seed after the other, since a count's time is no other's); then references: three fits to words dealt out at random, and
    three to four fifths of the articles, judged on the others. How long each part took is left in `log` for `whole.py`.
    """
    spent = {}
    chance = np.random.default_rng(1)
    words = chance.permutation(np.concatenate([np.array(doc, dtype=object) for doc in docs]))
    random = [list(part) for part in np.split(words, np.cumsum([len(doc) for doc in docs])[:-1])]
    held = chance.random(len(docs)) < 0.2
    train = [doc for doc, out in zip(docs, held, strict=True) if not out]
    test = [doc for doc, out in zip(docs, held, strict=True) if out]
    plans = {"whole": (docs, seeds), "shuffled": (random, seeds[:3]), "train": (train, seeds[:3])}
    rows = []
    for text, (texts, of) in plans.items():
        wall, cpu = time.perf_counter(), time.process_time()
        dictionary, bags = count(texts)
        pairs = [(k, seed) for seed in of for k in grid]
        made = pairs[:bound]
        for k, seed in made:
            model = fit(bags, dictionary, k, seed)
            row: dict[str, Any] = {"text": text, "k": k, "seed": seed}
            if text == "train":
                row["bound"] = model.log_perplexity([dictionary.doc2bow(doc) for doc in test])
            else:
                for measure in ("c_v", "c_npmi", "u_mass"):
                    row[measure] = CoherenceModel(
                        model, texts=texts, corpus=bags, dictionary=dictionary, coherence=measure, topn=10, processes=1
                    ).get_coherence()
                tops = [word for topic in range(k) for word, _ in model.show_topic(topic, 10)]
                row["diversity"] = len(set(tops)) / len(tops)
            rows.append(row)
        more = len(pairs) / len(made)
        spent[text] = {"more": more, "wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    Path(log).write_text(json.dumps(spent), encoding="utf-8")
    scores = pd.DataFrame(rows)
    told(scores, "scores")
    for measure in ("c_v", "c_npmi", "u_mass", "diversity", "bound"):
        scores.plot.scatter("k", measure)
        shown(measure)


def topics_page(articles: pd.DataFrame, docs: list[list[str]], k: int, seed: int = 1) -> None:
    dictionary, bags = count(docs)
    model = fit(bags, dictionary, k, seed)
    shares = model.inference(bags)[0]
    shares = shares / shares.sum(axis=1, keepdims=True)
    words = [" ".join(word for word, _ in model.show_topic(topic, 10)) for topic in range(k)]
    told(pd.DataFrame({"words": words, "share": shares.mean(axis=0)}), "topics")
    for topic in range(k):
        terms, weights = zip(*model.show_topic(topic, 15), strict=True)
        plt.figure(figsize=(6, 4))
        plt.barh(terms[::-1], weights[::-1])
        shown(f"Topic {topic + 1}")
        series(articles, pd.Series(shares[:, topic]), f"Share of topic {topic + 1}")
        best = np.argsort(-shares[:, topic])[:5]
        display(
            articles.iloc[best].assign(share=shares[best, topic], text=articles["text"].iloc[best].str.slice(0, 500))
        )
        told(
            pd.Series(shares[:, topic]).groupby(articles["source"]).mean().to_frame("share"),
            f"topic {topic + 1} by source",
        )
    plt.imshow(np.corrcoef(shares.T))
    plt.colorbar()
    shown("Topics that go together")
    told(pd.DataFrame(shares, columns=words).assign(file=articles["file"]), "shares")


def keywords_page(articles: pd.DataFrame, docs: list[list[str]], concepts: str) -> None:
    known = yaml.safe_load(Path(concepts).read_text(encoding="utf-8"))
    tokens = Text([token for text in articles["text"] for token in NLTKWordTokenizer().tokenize(text)])
    rows = []
    for name, ways in known.items():
        words = "|".join(re.escape(way.lstrip("=")).replace(r"\*", r"\w*") for way in [name, *(ways or [])])
        said = articles["text"].str.count(rf"(?i)\b(?:{words})\b")
        if (said > 0).sum() < 3:
            continue
        rows.append({"concept": name, "articles": int((said > 0).sum()), "places": int(said.sum())})
        series(articles, (said > 0).astype(float), f"Share of articles that mention {name}")
        display(tokens.concordance_list(name.split(), lines=25))
    told(pd.DataFrame(rows), "concepts")
    late = (articles["date"] > articles["date"].median()).to_numpy()
    sides = [
        Counter(word for doc, is_late in zip(docs, late, strict=True) if is_late == side for word in set(doc))
        for side in (False, True)
    ]
    table = pd.DataFrame({"early": sides[0], "late": sides[1]}).fillna(0)
    totals = np.array([(~late).sum(), late.sum()])
    expected = np.outer(table.sum(axis=1), totals / totals.sum())
    table["chi2"] = ((table.to_numpy() - expected) ** 2 / expected).sum(axis=1)
    told(table.sort_values("chi2", ascending=False).head(50), "early and late")


# --- the notebooks --------------------------------------------------------------------------------------------------------

BEGIN = "raw = plain.read(articles)\nkept, taken = plain.clean(raw)"
NOTEBOOKS = {
    "01_corpus": [BEGIN, "plain.corpus_page(raw, kept, taken)"],
    "02_topic_counts": [
        BEGIN,
        "docs = plain.tokenise(kept['text'])",
        "plain.counts_page(docs, grid, seeds, bound, log)",
    ],
    "03_topics": [BEGIN, "docs = plain.tokenise(kept['text'])", "plain.topics_page(kept, docs, n_topics)"],
    "04_keyword_trends": [BEGIN, "docs = plain.tokenise(kept['text'])", "plain.keywords_page(kept, docs, concepts)"],
}
