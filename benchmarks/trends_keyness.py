"""Coverage of keyness intervals: planted words that one group of articles uses so many times as often as the other.

    python benchmarks/trends_keyness.py [--runs 40]

Two groups of 60 days with four articles each; a word stands in 3 or 20 % of the articles of the second group and up to ten times as many of the first (at most 90 %), log-odds of
its days vary by SD .5, alike in all articles of a day, and an article that has it has it 1 + negative binomial times (as in `trends_size.py`). Half the words
are no one's. The truth is the difference of log-odds of the word among all words, in expectation over days; coverage is of `keyness` intervals of nominal .95.
"""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd
from record import record
from scipy import optimize, sparse
from scipy.special import expit, logit

from topics.trends.keyness import keyness

DAYS, ARTICLES, DAY_SHOCK, WORDS = (
    60,
    4,
    0.5,
    25,
)  # days of a group, articles of a day, SD of a day's log-odds, words of a cell
TIMES = 1 + 0.7 * 0.65 / 0.35  # mean of 1 + negative binomial (.7, .35)
SHARES, RATIOS = (0.03, 0.2), (1, 2, 4.5, 10)
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


def centre(share: float) -> float:
    """The log-odds whose days' mean probability is `share`."""

    def apart(odds: float) -> float:
        return float((expit(odds + DAY_SHOCK * NODES) * WEIGHTS).sum() / WEIGHTS.sum() - share)

    return float(optimize.brentq(apart, -20, 20))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=40)
    given = parser.parse_args()
    cells = [(share, ratio) for share in SHARES for ratio in RATIOS if share * ratio <= 0.9]
    rows = pd.DataFrame([cell for cell in cells for _ in range(WORDS)], columns=["share", "ratio"])
    common = np.full(len(rows), 0.2)  # words of no group: half of the vocabulary
    shares = np.stack([np.r_[rows["share"] * rows["ratio"], common], np.r_[rows["share"], common]])
    centres = np.vectorize(centre)(shares)
    p = shares / shares.sum(axis=1, keepdims=True)
    truth = (logit(p[0]) - logit(p[1]))[: len(rows)]
    covered = []
    for run in range(given.runs):
        rng = np.random.default_rng([11, run])
        day = np.repeat(np.arange(2 * DAYS), ARTICLES)
        odds = centres[day // DAYS] + DAY_SHOCK * rng.normal(size=(2 * DAYS, shares.shape[1]))[day]
        counts = (rng.random(odds.shape) < expit(odds)) * (1 + rng.negative_binomial(0.7, 0.35, size=odds.shape))
        terms = [f"{i:04d}" for i in range(shares.shape[1])]
        table = keyness(sparse.csr_matrix(counts), terms, day // DAYS, day, ("first", "second"), seed=run)[0]
        table = table[table["term"].astype(int) < len(rows)]
        true = truth[table["term"].astype(int)] * np.where(table["group"] == "first", 1, -1)
        held = pd.Series(((table["low"] <= true) & (true <= table["high"])).to_numpy(float), table["term"].astype(int))
        covered.append(held.groupby([rows["share"][held.index], rows["ratio"][held.index]]).mean())
    for share, ratio in cells:
        values = [
            float(of[share, ratio]) for of in covered if (share, ratio) in of.index
        ]  # words of too few articles are not tested
        case = f"keyness intervals: in {100 * share:.0f} % of the articles, {ratio:g} times as often"
        error = np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
        print(f"{case}: {np.mean(values):.3f} ± {error:.3f}", flush=True)
        for repetition, value in enumerate(values):
            record("trends_size", case, "topics", "coverage", value, "part of intervals", repetition)


if __name__ == "__main__":
    main()
