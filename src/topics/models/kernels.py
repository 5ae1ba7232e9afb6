"""The compiled loops of the models: one sweep of Gibbs sampling, counting words in windows, inference for new articles.

Every kernel is plain sequential code on arrays: it releases the interpreter's lock (so that fits run side by side in
threads), adds in one fixed order (no `fastmath`, no parallel reductions: the same bytes on every run and for any number of
threads) and takes its chance from a counter, so that number `i` of a stream can be had without the `i - 1` before it.

Compiled code is kept beside this file, or in the user's cache folder where the install is read-only; where neither
can be written it is compiled in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, without the interpreter's lock; keep the machine code where a folder can be written."""
    try:
        return njit(nogil=True, cache=True)(function)
    except RuntimeError:  # no folder to keep it in: a read-only install without a home
        return njit(nogil=True)(function)


@kernel
def uniform(key: Any, i: Any) -> Any:
    """Number `i` of the stream `key`, even in [0, 1): SplitMix64 (Steele, Lea & Flood 2014) as a function of its counter."""
    x = key + np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return np.float64(x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel
def count_topics(token_topic: Any, token_term: Any, pairs: Any, term_start: Any, used: Any, topic_n: Any) -> None:
    """Set the counts that `sweep` keeps from the topic of every token.

    `pairs[term_start[w] : term_start[w] + used[w]]` are the topics of term `w` and how many of its tokens each has, most
    common first or nearly so.
    """
    used[:] = 0
    topic_n[:] = 0
    for i in range(token_topic.shape[0]):
        w = token_term[i]
        k = token_topic[i]
        topic_n[k] += 1
        j = term_start[w]
        last = j + used[w]
        while j < last and pairs[j, 0] != k:
            j += 1
        if j == last:
            pairs[j, 0] = k
            pairs[j, 1] = 0
            used[w] += 1
        pairs[j, 1] += 1
        _forward(pairs, j, term_start[w])


@kernel
def _forward(pairs: Any, j: Any, base: Any) -> None:
    """Swap a pair with the one before it where it has become the larger, so that common topics are found first."""
    if j > base and pairs[j - 1, 1] < pairs[j, 1]:
        topic, n = pairs[j, 0], pairs[j, 1]
        pairs[j, 0], pairs[j, 1] = pairs[j - 1, 0], pairs[j - 1, 1]
        pairs[j - 1, 0], pairs[j - 1, 1] = topic, n


@kernel
def sweep(
    token_topic: Any,
    token_term: Any,
    unit_start: Any,
    pairs: Any,
    term_start: Any,
    used: Any,
    topic_n: Any,
    alpha: Any,
    beta: Any,
    key: Any,
    counter: Any,
) -> None:
    """Draw the topic of every token once, in order, each given all others: exact collapsed Gibbs sampling.

    The probability that token `i` (term `w` in unit `d`) has topic `k` is in proportion to
    `(n_dk + alpha_k) * (n_wk + beta) / (n_k + n_terms * beta)`, counts without the token itself (Griffiths & Steyvers 2004).
    As in SparseLDA (Yao, Mimno & McCallum 2009) it is split: `n_wk * share_k` over the few topics that the
    term has, and `beta * share_k` over all, where `share_k = (n_dk + alpha_k) / (n_k + n_terms * beta)` is kept up to date.
    """
    n_topics = alpha.shape[0]
    smooth = beta * term_start.shape[0] - beta
    unit_n = np.empty(n_topics)
    share = np.empty(n_topics)
    inverse = np.empty(n_topics)
    for k in range(n_topics):
        inverse[k] = 1.0 / (topic_n[k] + smooth)
    for d in range(unit_start.shape[0] - 1):
        unit_n[:] = alpha
        for i in range(unit_start[d], unit_start[d + 1]):
            unit_n[token_topic[i]] += 1.0
        total = 0.0
        for k in range(n_topics):
            share[k] = unit_n[k] * inverse[k]
            total += share[k]
        for i in range(unit_start[d], unit_start[d + 1]):
            # Take the token out. What it changes is kept, for most tokens go back to where they were.
            old = token_topic[i]
            w = token_term[i]
            base = term_start[w]
            last = base + used[w]
            kept_share, kept_inverse, kept_total = share[old], inverse[old], total
            topic_n[old] -= 1
            unit_n[old] -= 1.0
            inverse[old] = 1.0 / (topic_n[old] + smooth)
            share[old] = unit_n[old] * inverse[old]
            total += share[old] - kept_share
            place = base
            while pairs[place, 0] != old:
                place += 1
            pairs[place, 1] -= 1
            # Weigh the topics of the term; two sums, so that the second addition need not wait for the first.
            even = 0.0
            odd = 0.0
            j = base
            while j + 1 < last:
                even += pairs[j, 1] * share[pairs[j, 0]]
                odd += pairs[j + 1, 1] * share[pairs[j + 1, 0]]
                j += 2
            if j < last:
                even += pairs[j, 1] * share[pairs[j, 0]]
            own = even + odd
            # Draw.
            u = uniform(key, counter + i) * (own + beta * total)
            if u < own:
                j = base
                while j < last:
                    u -= pairs[j, 1] * share[pairs[j, 0]]
                    if u < 0.0:
                        break
                    j += 1
                if j == last:  # rounding left a crumb: the last topic that the term has
                    j -= 1
                    while pairs[j, 1] == 0:
                        j -= 1
                new = pairs[j, 0]
            else:
                u = (u - own) / beta
                k = 0
                while k < n_topics - 1:
                    u -= share[k]
                    if u < 0.0:
                        break
                    k += 1
                new = np.int32(k)
                j = base
                while j < last and pairs[j, 0] != new:
                    j += 1
            # Put the token in.
            if new == old:
                pairs[place, 1] += 1
                topic_n[old] += 1
                unit_n[old] += 1.0
                share[old], inverse[old], total = kept_share, kept_inverse, kept_total
                continue
            token_topic[i] = new
            emptied = pairs[place, 1] == 0
            if j == last:
                if emptied:
                    j = place
                else:
                    used[w] += 1
                pairs[j, 0] = new
                pairs[j, 1] = 1
            else:
                pairs[j, 1] += 1
                if emptied:
                    last -= 1
                    used[w] -= 1
                    pairs[place, 0], pairs[place, 1] = pairs[last, 0], pairs[last, 1]
                    if j == last:
                        j = place
                _forward(pairs, j, base)
            topic_n[new] += 1
            unit_n[new] += 1.0
            inverse[new] = 1.0 / (topic_n[new] + smooth)
            kept_share = share[new]
            share[new] = unit_n[new] * inverse[new]
            total += share[new] - kept_share


@kernel
def count_windows(words: Any, text_start: Any, window: Any, alone: Any, together: Any) -> Any:
    """Count in how many windows words are, alone and in pairs; return the number of windows.

    `words` are the words of all texts, one after the other, as rows of `alone`, or -1 for those not asked for. The window is a boolean
    one of `window` words that moves by one word, within a text; a shorter text is one window (so is an empty one).
    `together` gets the pairs in its lower triangle, row above column. A word that leaves the window counts as absent until it
    enters again, also where it stands in the window a second time: so does gensim, and all published values with it.
    """
    n_words = alone.shape[0]
    since = np.full(n_words, -1, np.int64)
    present = np.empty(n_words, np.int32)
    n_present = 0
    n_windows = 0
    for d in range(text_start.shape[0] - 1):
        first, end = text_start[d], text_start[d + 1]
        steps = max(end - first - window, 0)
        for i in range(first, min(first + window, end)):
            w = words[i]
            if w >= 0 and since[w] < 0:
                since[w] = 0
                present[n_present] = w
                n_present += 1
        for step in range(1, steps + 1):
            w = words[first + step - 1]
            if w >= 0 and since[w] >= 0:
                n_present = _leave(w, step, since, present, n_present, alone, together)
            w = words[first + step + window - 1]
            if w >= 0 and since[w] < 0:
                since[w] = step
                present[n_present] = w
                n_present += 1
        while n_present > 0:
            n_present = _leave(present[n_present - 1], steps + 1, since, present, n_present, alone, together)
        n_windows += steps + 1
    return n_windows


@kernel
def _leave(w: Any, step: Any, since: Any, present: Any, n_present: Any, alone: Any, together: Any) -> Any:
    """Word `w` is gone from window number `step` on: count the windows that it was in, alone and with each word still there."""
    alone[w] += step - since[w]
    place = 0
    for j in range(n_present):
        other = present[j]
        if other == w:
            place = j
        else:
            together[max(w, other), min(w, other)] += step - max(since[w], since[other])
    since[w] = -1
    present[place] = present[n_present - 1]
    return n_present - 1


@kernel
def digamma(x: Any) -> Any:
    """The derivative of log gamma for x > 0, to about 1e-14: recurrence up to 10, then its asymptotic series."""
    shift = 0.0
    while x < 10.0:
        shift -= 1.0 / x
        x += 1.0
    y = 1.0 / (x * x)
    series = y * (1 / 12 - y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760)))))
    return shift + np.log(x) - 0.5 / x - series


@kernel
def infer(start: Any, terms: Any, n: Any, term_topic: Any, alpha: Any, gamma: Any, tolerance: Any, rounds: Any) -> None:
    """Shares of the topics in units whose words are known, topics held: variational Bayes (Blei, Ng & Jordan 2003).

    Unit `d` has `n[i]` tokens of term `terms[i]` for `i` in `start[d] : start[d + 1]`; `term_topic` is (n_terms, n_topics). Row `d` of
    `gamma` is where to start from, and becomes the parameters of the unit's Dirichlet distribution; it is done when their mean
    change in a round is below `tolerance`.
    """
    n_topics = alpha.shape[0]
    weight = np.empty(n_topics)
    new = np.empty(n_topics)
    for d in range(gamma.shape[0]):
        for _ in range(rounds):
            total = 0.0
            for k in range(n_topics):
                total += gamma[d, k]
            base = digamma(total)
            for k in range(n_topics):
                weight[k] = np.exp(digamma(gamma[d, k]) - base)
                new[k] = 0.0
            for i in range(start[d], start[d + 1]):
                row = term_topic[terms[i]]
                norm = 1e-300
                for k in range(n_topics):
                    norm += weight[k] * row[k]
                scale = n[i] / norm
                for k in range(n_topics):
                    new[k] += scale * row[k]
            change = 0.0
            for k in range(n_topics):
                new[k] = alpha[k] + weight[k] * new[k]
                change += abs(new[k] - gamma[d, k])
                gamma[d, k] = new[k]
            if change < tolerance * n_topics:
                break
