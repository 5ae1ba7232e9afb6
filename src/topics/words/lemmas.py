"""Lemmas: the word that a form is a form of, and what kind of word it is. Each form once, not each token.

A lemma depends on the form, the language and the exceptions alone, never on the corpus.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
from simplemma import lemmatize
from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

from topics.words.concepts import plain, sentence_numbers

# What simplemma makes something else of, or what is a name or term in its plural; `form=lemma` puts its slips right.
EXCEPTIONS = {
    "en": "data media news politics economics mathematics physics statistics logistics robotics electronics analytics"
    " cybernetics genetics bitcoin left building training meeting setting hearing funding banking manufacturing engineering"
    " marketing learning computing mining housing shipping trading gaming streaming processing printing"
    " networking outsourcing upskilling reskilling sourcing spending goods arms customs rights capita opera stranger worse"
    " nam lan pence cola bayer fed ltd jr inc km cm developed=develop growing=grow playing=play thinking=think gone=go"
    " singing=sing swearing=swear fixed=fix fixing=fix mixed=mix mixing=mix thanked=thank thanking=thank guarded=guard"
    " guarding=guard crafted=craft deposited=deposit annexed=annex unfolded=unfold unfolding=unfold proclaiming=proclaim",
    "fr": "mise prise reprise moyenne empreinte unis alpes",
}
ACRONYMS = {"en": frozenset({"US", "IT", "WHO", "IS", "PM"})}  # that read as stop words in lower case, and are none
NUMBER = re.compile(
    r"(?:[a-z]{0,3}[$€£¥₫₹₩])?\d[\d.,/]*(?:st|nd|rd|th|s|m|bn|mn|tn|k|am|pm|km|kg|cm|mm|ha|h|e|er|re|ème|eme)?"
)
ACRONYM = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]?\.?")
PLURAL_ACRONYM = re.compile(r"[A-Z]{2,}s")


def lemmas_known(language: str) -> bool:
    """Whether simplemma has the language."""
    return language in SUPPORTED_LANGUAGES


def form_table(
    forms: list[str],
    *,
    language: str = "en",
    lemmas: bool = True,
    exceptions: Iterable[str] = (),
    stop_words: frozenset[str] = frozenset(),
) -> pd.DataFrame:
    """One row a form, in order: `form`, `key` (what it is counted as) and `reason` (why it is left out, or "").

    The key is the lemma in lower case. Kept from lemmatising: acronyms and `exceptions`; one written `form=lemma` has that
    lemma. An acronym that reads as a stop word in lower case (`US`, `IT`, `WHO`) keeps its capitals, unless it is among the stop words
    with them. Reasons: "stop word", "number", "single letter".

    >>> form_table(["Cities", "US", "us", "media", "4.0"], stop_words=frozenset({"us"}))[["key", "reason"]].values.tolist()
    [['city', ''], ['US', ''], ['us', 'stop word'], ['media', ''], ['4.0', 'number']]
    """
    told = [plain(word).lower().partition("=") for word in (*EXCEPTIONS.get(language, "").split(), *exceptions)]
    lemma_of = {form: lemma or form for form, _, lemma in told}
    lemmatise = lemmas and lemmas_known(language)
    rows = [_row(form, language, lemmatise, lemma_of, stop_words) for form in forms]
    return pd.DataFrame(rows, columns=["form", "key", "reason"])


def _row(
    form: str, language: str, lemmatise: bool, lemma_of: Mapping[str, str], stop: frozenset[str]
) -> tuple[str, ...]:
    written = plain(form)
    if "." in written and ACRONYM.fullmatch(written):
        written = written.replace(".", "")
    low = written.lower()
    bare = low.rstrip("'")
    acronym = len(written) > 1 and written.isupper() and written.isalpha()
    if low in stop or bare in stop:
        known = written in ACRONYMS.get(language, ()) and written not in stop
        return (form, written, "") if known else (form, low, "stop word")
    if PLURAL_ACRONYM.fullmatch(written):
        key = low[:-1]
    elif acronym or not lemmatise:
        key = low
    elif low in lemma_of:
        key = lemma_of[low]
    else:
        key = lemmatize(written, lang=language).lower()
    if NUMBER.fullmatch(low):
        return form, key, "number"
    if len(bare) == 1:
        return form, key, "single letter"
    return form, key, "stop word" if key in stop else ""


def calmed(tokens: pd.DataFrame, forms: list[str], stop_words: frozenset[str]) -> tuple[np.ndarray, list[str]]:
    """The form of each token where stop words in a sentence of capitals are read in lower case, and the forms with those.

    `WHO IS IT FOR` has no acronym. A sentence is in capitals where most of its words of two letters or more are, of at
    least three.
    """
    form, sentence = tokens["form"].to_numpy(), sentence_numbers(tokens)
    capitals = np.array([len(word) > 1 and word.isupper() for word in forms], bool)
    long = np.array([len(word) > 1 and word[0].isalpha() for word in forms], bool)[form]
    n_long = np.bincount(sentence[long], minlength=int(sentence.max(initial=0)) + 1)
    n_capital = np.bincount(sentence[long & capitals[form]], minlength=len(n_long))
    loud = (n_long >= 3) & (2 * n_capital > n_long)
    known = {word: code for code, word in enumerate(forms)}
    lower = np.arange(len(forms), dtype=np.int32)
    for code in np.flatnonzero(capitals).tolist():
        if forms[code].lower() in stop_words:
            lower[code] = known.setdefault(forms[code].lower(), len(known))
    return np.where(loud[sentence], lower[form], form), list(known)
