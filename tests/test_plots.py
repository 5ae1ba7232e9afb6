"""Figures: what a table says is what is drawn and said, and the same table gives the same bytes."""

import re
from itertools import pairwise
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg

from topics import plots

LABELS = ["training", "smart city", "price in $ and $"]


@pytest.fixture
def topics() -> pd.DataFrame:
    share = np.array([0.5, 0.3, 0.2])
    return pd.DataFrame(
        {"n_topics": 3, "topic": [1, 2, 3], "label": LABELS, "share": share, "share_low": share - 0.05,
         "share_high": share + 0.05, "stable": [True, True, False]}
    )  # fmt: skip


def series(name: str = "training", unit: str = "mean share of an article’s words") -> pd.DataFrame:
    """Three months, a month without articles, a month without an estimate, a last month that is not complete."""
    estimate = np.array([0.1, 0.2, 0.3, np.nan, 0.25])
    return pd.DataFrame(
        {"kind": "topic", "n_topics": 3, "name": name, "source": "all", "unit": unit, "n_docs": [9, 8, 7, 2, 4],
         "period": ["2019-11", "2019-12", "2020-01", "2020-03", "2020-04"], "estimate": estimate, "low": estimate - 0.05,
         "high": estimate + 0.05, "level": 0.95, "partial": [False, False, False, False, True]}
    )  # fmt: skip


def trends() -> pd.DataFrame:
    return pd.DataFrame({"name": LABELS, "slope": [1.0, 0.1, -1.0], "low": [0.5, -0.2, -1.5], "high": [1.5, 0.4, -0.5], "unit": "log-odds a year"})  # fmt: skip


def keyness() -> pd.DataFrame:
    return pd.DataFrame({"group": "A", "against": "B", "term": ["x", "y"], "log_odds": [2.0, -1.0], "low": [1.5, -1.5], "high": [2.5, -0.5]})  # fmt: skip


def scores() -> pd.DataFrame:
    return pd.DataFrame([{"n_topics": k, "seed": s, "measure": "coherence", "value": k / 100 + s / 1000, "better": "high"} for k in (2, 5, 10) for s in (1, 2)])  # fmt: skip


def every_figure(topics: pd.DataFrame) -> dict:
    terms = pd.DataFrame(
        {
            "term": ["digital transformation", "civil servants", "c"],
            "probability": [0.3, 0.2, 0.1],
            "frex": [0.1, 0.2, 0.9],
            "exclusivity": [0.4, 0.6, 1.0],
        }
    )
    per_period = pd.DataFrame({"period": ["2019", "2021"] * 7, "source": list("ABCDEFG") * 2, "n_docs": 2})
    pairs = pd.DataFrame([{"topic_a": a, "topic_b": b, "r": 0.1 * (a - b)} for a in (1, 2, 3) for b in (1, 2, 3)])
    two = topics.head(2).assign(n_topics=2)
    matches = pd.DataFrame({"n_topics_a": 2, "topic_a": [1, 2, 2], "n_topics_b": 3, "topic_b": [1, 2, 3], "similarity": [0.9, 0.8, 0.3]})  # fmt: skip
    matches["weight"] = matches["similarity"]
    return {
        "articles": lambda: plots.articles_per_period(per_period),
        "lengths": lambda: plots.lengths(pd.DataFrame({"n_words": [120, 300, 900]})),
        "funnel": lambda: plots.bars(pd.DataFrame({"step": ["read", "kept"], "n": [10, 7]}), "step", "articles", "What is left?"),
        "scores": lambda: plots.scores(scores(), scores().assign(value=0.01), chosen=5),
        "alignment": lambda: plots.alignment(pd.concat([two, topics]), matches),
        "shares": lambda: plots.shares(topics, pd.DataFrame({"topic": [1, 2, 9], "share": [0.48, 0.31, 0.1]})),
        "terms": lambda: plots.terms(terms),
        "series": lambda: plots.series(series(), pd.DataFrame({"start": ["2019-12"], "end": ["2020-01"]})),
        "multiples": lambda: plots.multiples(pd.concat([series(n) for n in LABELS])),
        "correlations": lambda: plots.correlations(pairs),
        "forest": lambda: plots.forest(trends()),
        "keyness": lambda: plots.keyness(keyness()),
    }  # fmt: skip


@pytest.mark.filterwarnings("error")
def test_every_figure_has_a_question_an_alternative_text_and_the_same_bytes_each_time(topics):
    for name, draw in every_figure(topics).items():
        first, second = draw().figure, draw().figure
        svg = plots.to_svg(first)
        assert svg == plots.to_svg(second), f"{name}: other bytes for the same table"
        assert "<dc:date>" not in svg, name
        assert next(t for t in first.texts if t.get_gid() == "title").get_text().endswith("?"), name
        assert re.search(r"\d|[a-z]{3}", first.get_label()), f"{name}: alternative text without the finding"


def test_nothing_stands_outside_its_figure(topics):
    long = topics.assign(label=[f"{label}, and a good many more words" for label in topics["label"]])
    for name, draw in every_figure(long).items():
        figure = draw().figure
        FigureCanvasAgg(figure).draw()
        width, height = figure.bbox.size
        for part in (*figure.axes, *figure.texts):
            box = part.get_tightbbox() if part in figure.axes else part.get_window_extent()
            inside = box.x0 > -1 and box.y0 > -1 and box.x1 < width + 1 and box.y1 < height + 1
            assert inside, f"{name}: {part} takes {box} of {width} by {height} pixels"


def test_long_names_of_small_figures_are_not_cut_at_the_edge():
    names = ["training", "small and medium-sized enterprises of the whole"]
    figure = plots.multiples(pd.concat([series(name) for name in names])).figure
    FigureCanvasAgg(figure).draw()
    titles = [ax.get_title(loc="left") for ax in figure.axes]
    assert "small and medium-sized ent…" in titles
    for ax in figure.axes:
        assert ax._left_title.get_window_extent().x1 < figure.bbox.width


@pytest.mark.parametrize("n", [5, 15, 30])
def test_names_of_small_topics_do_not_stand_over_each_other(n):
    share = np.array([0.4, *np.full(n - 1, 0.6 / (n - 1))])
    rows = [{"n_topics": k, "topic": t + 1, "label": f"words of {t}", "share": s / share[:k].sum()} for k in (2, n) for t, s in enumerate(share[:k])]  # fmt: skip
    matches = pd.DataFrame({"n_topics_a": 2, "topic_a": 1, "n_topics_b": n, "topic_b": np.arange(1, n + 1), "similarity": 0.5, "weight": 1 / n})  # fmt: skip
    ax = plots.alignment(pd.DataFrame(rows), matches)
    FigureCanvasAgg(ax.figure).draw()
    boxes = [text.get_window_extent() for text in ax.texts if "words of" in text.get_text()]
    assert len(boxes) == n
    assert all(above.y0 > below.y1 - 1 for above, below in pairwise(boxes))


def test_a_pdf_embeds_its_fonts_as_truetype_and_bears_no_date():
    figure = plots.forest(trends()).figure
    pdf = plots.to_pdf(figure)
    assert pdf == plots.to_pdf(plots.forest(trends()).figure)
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf


def test_saving_before_does_not_change_the_bytes(topics):
    once, twice = plots.shares(topics).figure, plots.shares(topics).figure
    plots.to_pdf(twice)
    assert plots.to_svg(once) == plots.to_svg(twice)


def test_a_label_that_no_xml_can_hold_spoils_no_figure():
    figure = plt.figure()
    figure.text(0, 0, "\x1b[31mRED\x00")
    ElementTree.fromstring(plots.to_svg(figure))


def test_a_line_breaks_where_a_period_is_missing_or_has_no_estimate():
    ax = plots.series(series())
    lines = [line.get_xdata() for line in ax.lines if line.get_linestyle() == "-"]
    assert [len(x) for x in lines] == [3]


def test_partial_periods_are_hollow_and_hatched():
    ax = plots.series(series())
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == plots.PAPER]
    assert [x for line in hollow for x in line.get_xdata()] == [plots.position("2020-04")]
    whole, partial = ax.figure.axes[1].patches
    assert [len(bars(shape)) for shape in (whole, partial)] == [4, 1]
    assert [bool(shape.get_hatch()) for shape in (whole, partial)] == [False, True]


def bars(shape) -> list[tuple[int, float]]:
    """The place and height of each bar of a shape."""
    outlines = shape.get_path().to_polygons()
    return [(round(outline[:, 0].mean()), float(np.ptp(outline[:, 1]))) for outline in outlines]


def test_volume_stands_beneath_at_the_same_periods():
    ax = plots.series(series())
    found = [bar for shape in ax.figure.axes[1].patches for bar in bars(shape)]
    assert found == [(plots.position(p), n) for p, n in zip(series()["period"], [9, 8, 7, 2, 4], strict=True)]


def test_alternative_text_says_the_numbers_with_their_intervals(topics):
    assert "training 50 % (45 % to 55 %)" in plots.describe_shares(topics)
    text = plots.describe_series(series())
    assert "10 % (5 % to 15 %) in 2019-11" in text
    assert "highest 30 % (25 % to 35 %) in 2020-01" in text
    thin = series().assign(estimate=[0.9, 0.2, 0.3, np.nan, 0.25], n_docs=[1, 8, 7, 2, 4])
    assert "highest 30 % (25 % to 35 %) in 2020-01" in plots.describe_series(
        thin
    )  # as the line, which is not drawn through one article
    assert "training 1 (0.5 to 1.5)" in plots.describe_forest(trends())
    assert "; crosses, words shuffled: 0.01" in plots.describe_scores(scores(), scores().assign(value=0.01))
    drawn = plots.scores(scores(), scores().head(0))
    assert drawn.get_ylabel() == "coherence\n(higher is better)"
    assert "crosses" not in drawn.figure.get_label()


def test_a_trend_whose_interval_holds_zero_is_hollow():
    ax = plots.forest(trends())
    hollow = [line for line in ax.lines if line.get_markerfacecolor() == plots.PAPER and len(line.get_xdata())]
    assert [list(line.get_ydata()) for line in hollow] == [[1]]


def test_a_series_without_any_estimate_says_so():
    assert plots.describe_series(series().assign(estimate=np.nan)) == "No period holds enough articles."


def test_a_figure_draws_on_the_axes_it_is_given(topics):
    whole = plots.shares(topics).figure
    ax = whole.add_subplot()
    assert plots.forest(trends(), ax=ax) is ax


def test_bands_fill_a_topics_bar_and_no_more(topics):
    """Bands leave a bar divided among them: their widths at either end add up to the bar's height."""
    two = topics.head(2).assign(n_topics=2)
    matches = pd.DataFrame({"n_topics_a": 2, "topic_a": [1, 1, 2], "n_topics_b": 3, "topic_b": [1, 2, 2], "similarity": 0.5, "weight": [0.9, 0.2, 0.8]})  # fmt: skip
    ax = plots.alignment(pd.concat([two, topics]), matches)
    bands = [p.get_path().vertices for p in ax.patches if hasattr(p, "get_path") and len(p.get_path().vertices) == 9]
    left = sum(v[0, 1] - v[7, 1] for v in bands)
    assert left == pytest.approx(0.86 * (0.5 + 0.3))
    right = sum(v[3, 1] - v[4, 1] for v in bands)
    assert right == pytest.approx(0.86 * (0.5 + 0.3))


def test_correlations_are_told_from_what_is_expected_without_a_bond():
    pairs = pd.DataFrame(
        [(a, b, r) for a, b, r in ((1, 2, -0.3), (1, 3, -0.44), (2, 3, -0.7))], columns=["topic_a", "topic_b", "r"]
    )
    ax = plots.correlations(pairs, expected=-0.5)
    assert [text.get_text() for text in ax.texts] == ["+.2", "+.1", "−.2"]
    assert "highest between topics 1 and 2 (−0.30), lowest between topics 2 and 3 (−0.70)" in ax.figure.get_label()


def test_periods_without_articles_are_told_in_place_of_a_fewest_that_is_the_most():
    alt = plots.describe_articles_per_period(pd.DataFrame({"period": ["2019-Q4", "2023-Q2"], "n_docs": 1}))
    assert alt == "Bars: 2 articles from 2019-Q4 to 2023-Q2; most in 2019-Q4 (1), none in 13 of the 15 periods."
