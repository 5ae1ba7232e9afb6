"""Files as they were found, to a corpus that can be defended.

The whole way is `prepare`; its lines are the recipe. Each step takes the table before it and returns what it made and
DROPPED, the rows of what it left out. `rebuild(text, removals of the article)` is the original again; `audit` has the funnel, the verdict and the text that
`python -m topics check` prints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from topics.corpus.clean import STEPS, clean_articles
from topics.corpus.corrections import (
    NAME,
    beside_exactly,
    decided,
    drop_by_hand,
    read_corrections,
    set_field,
    unknown_articles,
)
from topics.corpus.dates import date_articles
from topics.corpus.language import add_language, keep_language
from topics.corpus.read import read_articles
from topics.corpus.repeats import drop_repeats, find_repeats
from topics.tables import UserError, conform

WORKING = ["date_column", "date_metadata", "date_html"]  # columns of RAW that the dates were made of


def prepare(
    path: str | Path,
    *,
    columns: Mapping[str, str | list[str]] | None = None,
    steps: Sequence[str] = tuple(STEPS),
    language: str = "auto",
    threshold: float = 0.7,
    today: date | None = None,
    corrections: str | Path | None = None,
    map: Callable[..., Iterable[Any]] = map,
) -> dict[str, Any]:
    """`articles, removals, dropped, repeats` (tables) `language` (the corpus's) and `columns` (table → role → names) of `path`.

    `articles` is sorted by doc_id; other columns of the user's tables follow its own. `removals` covers every article
    of `articles`. What a person decided stands in `corrections.csv` beside the articles, or in the file `corrections`.
    `today` decides which dates are in the future (today's date where it is not given).

    Raises `UserError` where nothing can be read, or nothing is left of what was.
    """
    raw, gone_reading = read_articles(path, columns=columns, map=map)
    raw_columns, dated_by = raw.attrs.pop("columns"), raw.attrs.pop("sidecars")
    fixes = read_corrections(corrections or beside_exactly(Path(path), NAME))
    gone_fixes = unknown_articles(fixes, set(raw["doc_id"]))
    raw = set_field(set_field(raw, fixes, "title"), fixes, "source")
    cleaned, removals, gone_cleaning = clean_articles(raw, steps=steps, corrections=fixes, map=map)
    cleaned, gone_by_hand = drop_by_hand(cleaned, fixes)
    cleaned = add_language(cleaned, corrections=fixes, map=map)
    articles, gone_dates = date_articles(cleaned, raw, sidecars=dated_by, corrections=fixes, today=today, map=map)
    keep = decided(fixes, "keep")
    articles, gone_language, spoken = keep_language(articles, language, keep=keep)
    repeats = find_repeats(articles, threshold=threshold, corrections=fixes, map=map)
    articles, gone_repeats = drop_repeats(articles, repeats, keep=keep)
    gone = [gone_reading, gone_fixes, gone_cleaning, gone_by_hand, gone_dates, gone_language, gone_repeats]
    if not len(articles):
        raise UserError(
            f"articles: of {len(raw)} in {path} none is left after cleaning, corrections, language and repeats."
        )
    return {
        "articles": conform(articles.drop(columns=WORKING), "articles"),
        "removals": removals[removals["doc_id"].isin(set(articles["doc_id"]))].reset_index(drop=True),
        "dropped": pd.concat(gone, ignore_index=True),
        "repeats": conform(repeats, "repeats"),
        "language": spoken,
        "columns": raw_columns,
    }
