"""Which language an article is in, offline, and the articles in another language than the corpus set aside.

The one door to py3langid, which is right on paragraphs and guesses on headlines: short texts are read together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any

import pandas as pd

from topics.corpus.corrections import set_field
from topics.tables import UserError, dropped

SHORT = 20  # words; a shorter text is never set aside
WINDOW = 150  # characters of each window that is looked at
BLOCK = 250  # articles for one call of `map`
MIN_SHARE = 0.05  # of the long articles: a language rarer than this is not offered to the short ones


def add_language(
    articles: pd.DataFrame,
    *,
    corrections: pd.DataFrame | None = None,
    map: Callable[..., Iterable[Any]] = map,
) -> pd.DataFrame:
    """`articles` with `language` (ISO 639-1, "" where there are no words) and `n_words`.

    A long text is judged by its head, middle and end, and as a whole where they differ. A text of under 20 words has
    the likeliest among the languages of the long ones, or, where all are short, the language of all together.
    """
    texts = articles["text"].tolist()
    blocks = [texts[at : at + BLOCK] for at in range(0, len(texts), BLOCK)]
    judged = [pair for pairs in map(_judge_block, blocks) for pair in pairs]
    n_words = [n for n, _ in judged]
    languages = _with_short([language for _, language in judged], n_words, texts)
    said = articles.assign(language=pd.Series(languages, index=articles.index, dtype="str"), n_words=n_words)
    return set_field(said, corrections, "language")


def keep_language(
    articles: pd.DataFrame, language: str = "auto", *, keep: Iterable[str] = ()
) -> tuple[pd.DataFrame, pd.DataFrame, str]:
    """The articles in one language, DROPPED, and that language; `auto` takes that of most articles.

    `keep` names articles (doc_id) that stay whatever they are in; texts of under 20 words always stay.
    """
    chosen = main_language(articles) if language == "auto" else language
    kept = set(keep)
    stays = (articles["language"] == chosen) | (articles["n_words"] < SHORT) | articles["doc_id"].isin(kept)
    if language != "auto" and not stays.any():
        there = ", ".join(f"{name} ({n})" for name, n in Counter(articles["language"]).most_common(5))
        raise UserError(f"language: no article is in {language!r}. The articles are in {there}. Set `language: auto`.")
    gone = articles[~stays]
    left = [
        ("language", "article", doc_id, f"in {spoken or 'no language'}, the corpus in {chosen}", 1)
        for doc_id, spoken in zip(gone["doc_id"], gone["language"], strict=True)
    ]
    return articles[stays].reset_index(drop=True), dropped(left), chosen


def main_language(articles: pd.DataFrame) -> str:
    """The language of most articles, long ones before short ones; of two as common the first by name."""
    long = articles[articles["n_words"] >= SHORT]
    counts = Counter((long if len(long) else articles)["language"])
    return min(counts, key=lambda name: (-counts[name], name)) if counts else ""


def _judge_block(texts: list[str]) -> list[tuple[int, str]]:
    """Of each text, its number of words and, where it is long enough to say, its language."""
    judged = []
    for text in texts:
        n_words = len(text.split())
        judged.append((n_words, _long(text) if n_words >= SHORT else ""))
    return judged


def _long(text: str) -> str:
    if len(text) <= 3 * WINDOW:
        return _classify(text)
    middle = len(text) // 2
    windows = [text[:WINDOW], text[middle : middle + WINDOW], text[-WINDOW:]]
    said = {_classify(window) for window in windows}
    return said.pop() if len(said) == 1 else _classify(text[:3000])


def _with_short(languages: list[str], n_words: list[int], texts: list[str]) -> list[str]:
    short = [i for i, n in enumerate(n_words) if n and not languages[i]]
    counts = Counter(language for language in languages if language)
    total = sum(counts.values())
    offered = tuple(sorted(name for name, n in counts.items() if n >= MIN_SHARE * total))
    if not offered and short:
        offered = (_classify(" ".join(texts[i] for i in short[:500])),)
    for i in short:
        languages[i] = offered[0] if len(offered) == 1 else _classify(texts[i], offered)
    return languages


def _classify(text: str, among: tuple[str, ...] | None = None) -> str:
    """The likeliest language; "" for what is none, such as a table of numbers."""
    return _identifier(among).classify(text)[0].replace("zxx", "")


@cache
def _identifier(among: tuple[str, ...] | None) -> Any:
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(among)
    return identifier
