"""What is left out of the models: stop words, names of months and days, outlets, reporters' boilerplate.

The stop lists are short, frozen and packaged: NLTK's own lists as `bm25s` carries them, for other languages
those of `stopwordsiso`, which are longer. Beyond very frequent words, stop lists matter little to inference (Schofield,
Magnusson & Mimno 2017); `max_share` cuts those of the corpus itself.
"""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from topics.tables import UserError
from topics.words.concepts import PATTERNS

SHORT_LISTS = {
    "da": "DANISH", "de": "GERMAN", "en": "EN_PLUS", "es": "SPANISH", "fr": "FRENCH", "it": "ITALIAN", "nb": "NORWEGIAN",
    "nl": "DUTCH", "no": "NORWEGIAN", "pt": "PORTUGUESE", "ru": "RUSSIAN", "sv": "SWEDISH", "tr": "TURKISH",
}  # fmt: skip
# Function words that NLTK's English list lacks: modal verbs, their like, and abbreviations that mean nothing alone.
MISSING = {
    "en": "also although am cannot could either etc eg however ie many may might much must neither pm shall since though upon us"
    " whether would yet mr mrs ms one two three four five six seven eight nine ten",
    "fr": "afin ainsi alors après aucun aucune aussi autre autres avant avoir beaucoup bien car ce cela celle celles celui"
    " certain certaine certaines certains cet cette ceux chaque chez comme contre depuis devoir doit doivent donc dont déjà elles encore entre"
    " faire fait faut ici jusqu également les leurs lors lorsqu lorsque moins notamment où peu peut peuvent plus plusieurs pouvoir puis puisqu"
    " puisque quand quel quelle quelles quels quoi quoiqu sans selon si sous tandis tous tout toute toutes très va vers vont être"
    " deux trois quatre cinq six sept huit neuf dix",
}
REASONS = {
    "calendar": "name of a month or day",
    "outlet": "name of an outlet or agency",
    "boilerplate": "reporters' boilerplate",
}
CALENDAR = {
    "en": "=January =February =March =April =May =June =July =August =September =October =November =December"
    " =Monday =Tuesday =Wednesday =Thursday =Friday =Saturday =Sunday =Jan =Feb =Aug =Sept =Oct =Nov =Dec",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
    " lundi mardi mercredi jeudi vendredi samedi dimanche",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
    " lunes martes miércoles jueves viernes sábado domingo",
    "de": "=Januar =Februar =März =April =Mai =Juni =Juli =August =September =Oktober =November =Dezember"
    " =Montag =Dienstag =Mittwoch =Donnerstag =Freitag =Samstag =Sonntag",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
    " lunedì martedì mercoledì giovedì venerdì sabato domenica",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro"
    " segunda-feira terça-feira quarta-feira quinta-feira sexta-feira sábado domingo",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december"
    " maandag dinsdag woensdag donderdag vrijdag zaterdag zondag",
}
AGENCIES = (
    "=Reuters", "=AFP", "=Agence France-Presse", "=Xinhua", "=VNA", "=VNS", "=TASS", "=Interfax", "=Kyodo", "=Yonhap",
    "=ANSA", "=EFE", "=dpa", "=Bernama", "=Antara", "=PTI", "=ANI", "=Associated Press", "=Getty Images", "=EPA-EFE",
)  # fmt: skip
BOILERPLATE = {
    "en": (
        "reporting by", "additional reporting", "writing by", "editing by", "translated by", "translating by", "compiled by",
        "edited by", "photo by", "photo credit", "file photo", "photo courtesy", "image copyright", "image caption",
        "media caption", "read more", "read also", "see also", "related news", "related articles", "other news",
        "sign up for", "subscribe to our", "follow us on", "all rights reserved", "share this", "click here",
        "story continues", "advertisement", "press release", "hinh anh", "exclusive:",
    ),
    "fr": ("lire aussi", "lire la suite", "à lire aussi", "crédit photo", "tous droits réservés", "propos recueillis par"),
}  # fmt: skip


def stop_list(language: str) -> tuple[frozenset[str], str]:
    """The packaged stop words of a language, in lower case, and a sentence that says which list it is and its size.

    >>> words, note = stop_list("en")
    >>> "the" in words, "computer" in words, len(words) < 250
    (True, False, True)
    """
    if language in SHORT_LISTS:
        from bm25s import stopwords

        words, source = getattr(stopwords, f"STOPWORDS_{SHORT_LISTS[language]}"), "NLTK's list, as bm25s packages it"
    else:
        import stopwordsiso

        words, source = sorted(stopwordsiso.stopwords(language)), "the list of stopwordsiso"
    listed = frozenset(word.lower().replace("’", "'") for word in words)
    if not listed:
        return (
            listed,
            f"There is no stop list for the language {language!r}: only the words of the settings are left out.",
        )
    more = frozenset(MISSING.get(language, "").split()) - listed
    added = f" and {len(more)} function words that it lacks" if more else ""
    return listed | more, f"Stop words of the language {language!r}: {source}, {len(listed)} words{added}."


def leftout_patterns(language: str, kinds: Iterable[str], sources: Iterable[str]) -> pd.DataFrame:
    """Ways of writing of what `kinds` ("calendar", "outlet", "boilerplate") asks for; `sources` are the outlets' names.

    >>> leftout_patterns("en", ["outlet"], ["daily-example", "Example", "texts"])["pattern"].tolist()[-2:]
    ['=Example', 'daily example']
    """
    if unknown := sorted(set(kinds) - set(REASONS)):
        raise UserError(f"remove must be any of {', '.join(REASONS)}. Got {', '.join(unknown)}.")
    ways = {
        "calendar": CALENDAR.get(language, "").split(),
        "outlet": [*AGENCIES, *sorted({way for source in sources for way in _outlet(source)})],
        "boilerplate": BOILERPLATE.get(language, ()),
    }
    rows = [(way.removeprefix("="), kind, way, 0) for kind in kinds for way in dict.fromkeys(ways[kind])]
    return pd.DataFrame(rows, columns=list(PATTERNS))


def _outlet(source: str) -> list[str]:
    """How an outlet is written: several words in any case, one word only where it is plainly a name or an address."""
    words = source.replace("-", " ").replace("_", " ").split()
    if len(words) > 1:
        return [" ".join(words)]
    return [f"={source}"] if "." in source or source != source.lower() else []
