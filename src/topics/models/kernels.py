"""The compiled loops of the models: one sweep of Gibbs sampling, counting words in windows, inference for new articles.

Every kernel is plain sequential code on arrays: it releases the interpreter's lock (so that fits run side by side in
threads), adds in one fixed order (no `fastmath`, no parallel reductions: the same bytes on every run and for any number of
threads) and takes its chance from a counter, so that number `i` of a stream can be had without the `i - 1` before it.

Compiled code is kept beside this file, or in the user's cache folder where the install is read-only; where neither
can be written it is compiled in memory.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from threading import Lock
from typing import Any

import numpy as np

EIGHT = 8  # topics that are summed at once: as many numbers of single precision as most processors add
_plain: dict[str, Callable[..., Any]] = {}  # kernels that were never called
_lock = Lock()


def kernel(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make numba's of all kernels here when one of them is first called: who only reads results never loads numba."""
    _plain[function.__name__] = function

    @wraps(function)
    def first(*given: Any) -> Any:
        with _lock:
            if _plain:
                globals().update({name: _compiled(each) for name, each in _plain.items()} | _intrinsics())
                _plain.clear()
        return globals()[function.__name__](*given)

    return first


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile on first use, without the interpreter's lock; keep the machine code where a folder can be written.

    With `error_model="numpy"` a division by zero gives infinity instead of being looked out for: 8 % of a sweep.
    """
    from numba import njit

    try:
        return njit(nogil=True, error_model="numpy", cache=True)(function)
    except RuntimeError:  # no folder to keep it in: a read-only install without a home
        return njit(nogil=True, error_model="numpy")(function)


prefetch: Any = None  # `_intrinsics` has them, once a kernel is called
running_mass: Any = None
fallen_on: Any = None


@kernel
def uniform(key: Any, i: Any) -> Any:
    """Number `i` of the stream `key`, even in [0, 1): SplitMix64 (Steele, Lea & Flood 2014) as a function of its counter."""
    x = key + np.uint64(i) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    x = x ^ (x >> np.uint64(31))
    return np.float64(x >> np.uint64(11)) * (1.0 / 9007199254740992.0)


# Indices are unsigned in the loops below: numba looks at every signed index for a wrap-around.
ZERO: Any = np.uint64(0)
ONE: Any = np.uint64(1)
TWO: Any = np.uint64(2)
THREE: Any = np.uint64(3)
BLOCK: Any = np.uint64(4)  # topics whose probabilities are summed together; each term has room for whole blocks
SOON: Any = np.uint64(8)  # tokens ahead of the one that is drawn
LINE: Any = np.uint64(16)  # cells that a processor fetches at once
EPSILON = np.finfo(np.float64).eps  # gensim's, in the same place


@kernel
def count_topics(
    token_topic: Any, token_term: Any, bits: Any, cells: Any, term_start: Any, used: Any, topic_n: Any
) -> None:
    """Set the counts that `sweep` keeps from the topic of every token.

    `cells[term_start[w] : term_start[w] + used[w]]` are the topics that term `w` has, roughly the most common first: each the
    number of its tokens, shifted by `bits`, and the topic. The other cells are zero.
    """
    mask = np.uint32((1 << bits) - 1)
    unit = np.uint32(1 << bits)
    used[:] = 0
    cells[:] = 0
    topic_n[:] = 0.0
    for i in range(np.uint64(token_topic.shape[0])):
        w = token_term[i]
        k = token_topic[i]
        topic_n[k] += 1.0
        base = term_start[w]
        last = base + used[w]
        j = base
        while j < last and (cells[j] & mask) != k:
            j += ONE
        if j == last:
            cells[j] = k
            used[w] += ONE
        cells[j] += unit
        while j > base and cells[j - ONE] < cells[j]:
            cells[j - ONE], cells[j] = cells[j], cells[j - ONE]
            j -= ONE


@kernel
def sweep(
    token_topic: Any,
    token_term: Any,
    unit_start: Any,
    bits: Any,
    cells: Any,
    term_start: Any,
    used: Any,
    topic_n: Any,
    alpha: Any,
    beta: Any,
    key: Any,
    counter: Any,
    times: Any,
) -> Any:
    """Draw the topic of every token so many times, in order, each given all others (exact collapsed Gibbs sampling); return the new counter.

    The probability that token `i` (term `w` in unit `d`) has topic `k` is in proportion to
    `(n_dk + alpha_k) * (n_wk + beta) / (n_k + n_terms * beta)`, counts without the token itself (Griffiths & Steyvers 2004).
    As in SparseLDA (Yao, Mimno & McCallum 2009) it is split: `n_wk * share_k` over the few topics that the
    term has, and `beta * share_k` over all, where `share_k = (n_dk + alpha_k) / (n_k + n_terms * beta)` is kept up to date.

    Four things make it quick. The token stays in `n_wk` while its topic is drawn, and a draw that falls on the part of the mass that is the
    token's own is drawn again: two tokens in three go back to where they were, and nothing need be written for
    them. The mass is summed by blocks of four topics, so that few sums wait for the one before. The place of the draw among
    the sums is counted, not searched, for no processor can guess when a search ends. And the topics of the terms that come next are fetched meanwhile.
    """
    n_topics = np.uint64(alpha.shape[0])
    n_tokens = np.uint64(token_term.shape[0])
    smooth = beta * (term_start.shape[0] - 1)
    mask = np.uint32((1 << bits) - 1)
    unit = np.uint32(1 << bits)
    shift = np.uint32(bits)
    n_units = np.uint64(unit_start.shape[0] - 1)
    unit_n = np.empty(n_topics)
    share = np.empty(n_topics)
    mass = np.empty(n_topics + BLOCK)  # of each topic that the term has
    before = np.empty(n_topics // BLOCK + ONE)  # the mass of the blocks before each
    for turn in range(times * n_units):
        d = turn % n_units
        for k in range(n_topics):
            unit_n[k] = alpha[k]  # `unit_n[:] = alpha` takes 1.8 s to compile, for the message of an error
        for i in range(unit_start[d], unit_start[d + ONE]):
            unit_n[token_topic[i]] += 1.0
        total = 0.0
        for k in range(n_topics):
            share[k] = unit_n[k] / (topic_n[k] + smooth)
            total += share[k]
        for i in range(unit_start[d], unit_start[d + ONE]):
            soon = token_term[min(i + SOON, n_tokens - ONE)]
            prefetch(term_start, soon)
            prefetch(used, soon)
            soon = term_start[token_term[min(i + SOON // np.uint64(2), n_tokens - ONE)]]
            prefetch(cells, soon)
            prefetch(cells, soon + LINE)
            w = token_term[i]
            old = token_topic[i]
            base = term_start[w]
            last = base + used[w]
            blocks = (used[w] + BLOCK - ONE) // BLOCK
            with_it = share[old]
            without = (unit_n[old] - 1.0) / (topic_n[old] - 1.0 + smooth)
            share[old] = without
            rest = total + (without - with_it)
            own = 0.0
            for b in range(blocks):
                before[b] = own
                j = b * BLOCK
                cell = cells[base + j]
                mass[j] = first = np.float64(np.int32(cell >> shift)) * share[cell & mask]
                cell = cells[base + j + ONE]
                mass[j + ONE] = second = np.float64(np.int32(cell >> shift)) * share[cell & mask]
                cell = cells[base + j + TWO]
                mass[j + TWO] = third = np.float64(np.int32(cell >> shift)) * share[cell & mask]
                cell = cells[base + j + THREE]
                mass[j + THREE] = fourth = np.float64(np.int32(cell >> shift)) * share[cell & mask]
                own += (first + second) + (third + fourth)
            whole = own + beta * rest
            while True:
                counter += ONE
                u = uniform(key, counter) * whole
                if u < own:
                    block = ZERO
                    for b in range(ONE, blocks):
                        block += np.uint64(before[b] <= u)
                    u -= before[block]
                    place = block * BLOCK
                    left = u
                    for k in range(place, place + THREE):
                        u -= mass[k]
                        place += np.uint64(u >= 0.0)
                        left = u if u >= 0.0 else left
                    place = min(place, used[w] - ONE)  # sums of another order end a rounding apart
                    j = base + place
                    new = cells[j] & mask
                    if new != old or left < mass[place] - without:
                        break
                else:
                    u = (u - own) / beta
                    k = ZERO
                    while k < n_topics - ONE:
                        u -= share[k]
                        if u < 0.0:
                            break
                        k += ONE
                    new = np.uint32(k)
                    j = base
                    while j < last and (cells[j] & mask) != new:
                        j += ONE
                    break
            if new == old:
                share[old] = with_it
                continue
            token_topic[i] = new
            place = base
            while (cells[place] & mask) != old:
                place += ONE
            cells[place] -= unit
            emptied = cells[place] < unit
            if j == last:  # a topic that the term did not have
                if emptied:
                    j = place
                else:
                    used[w] += ONE
                cells[j] = unit | new
            else:
                cells[j] += unit
                if emptied:
                    last -= ONE
                    used[w] -= ONE
                    cells[place] = cells[last]
                    cells[last] = np.uint32(0)
                    if j == last:
                        j = place
                if j > base and cells[j - ONE] < cells[j]:
                    cells[j - ONE], cells[j] = cells[j], cells[j - ONE]
            topic_n[old] -= 1.0
            unit_n[old] -= 1.0
            topic_n[new] += 1.0
            unit_n[new] += 1.0
            with_it = share[new]
            share[new] = unit_n[new] / (topic_n[new] + smooth)
            total = rest + (share[new] - with_it)
    return counter


@kernel
def sweep_dense(
    token_topic: Any,
    token_term: Any,
    unit_start: Any,
    counted: Any,
    topic_n: Any,
    alpha: Any,
    beta: Any,
    key: Any,
    counter: Any,
    times: Any,
) -> None:
    """Draw as `sweep` does, from all topics' probabilities at once, in several chains of the same tokens abreast; `counter` is moved on.

    The first axis of what has one is the chain, but in `counted`, how many tokens of each term have each topic: single precision, (n_terms,
    n_chains, n_topics) with columns of zeros up to a multiple of `EIGHT`. Probabilities are summed in single precision, whose
    rounding is a ten-millionth of them.

    Two things make it quick. Eight topics are summed at once (`_intrinsics`), the token's own topic without the token. And a draw must wait
    for the one before it, a hundred cycles in which a processor has nothing to do but the draws of the other chains: five abreast take
    half the time of five in turn. So each step is done for all chains before the next, without a branch that could be guessed wrong;
    one chain alone does branch, and need not write where the token stays. A chain's bytes are the same in any company.
    """
    n_chains, n_topics = np.uint64(alpha.shape[0]), np.uint64(alpha.shape[1])
    n_tokens = np.uint64(token_term.shape[0])
    n_terms = np.uint64(counted.shape[0])
    width = np.uint64(counted.shape[2])
    n_rows = width // np.uint64(EIGHT)
    n_units = np.uint64(unit_start.shape[0] - 1)
    of_term, topics = counted.reshape(-1), token_topic.reshape(-1)
    unit_n, all_n = np.zeros(n_chains * width), np.zeros(n_chains * width)
    prior, smooth = np.zeros(n_chains * width), np.empty(n_chains)
    share, running = np.zeros(n_chains * width, np.float32), np.empty(n_chains * width, np.float32)
    without, drawn = np.empty(n_chains), np.empty(n_chains, np.uint64)
    for c in range(n_chains):
        smooth[c] = beta[c] * n_terms
        for k in range(n_topics):
            all_n[c * width + k] = topic_n[c, k]
            prior[c * width + k] = alpha[c, k]
    for turn in range(times * n_units):
        d = turn % n_units
        for c in range(n_chains):
            mine = c * width
            for k in range(mine, mine + n_topics):
                unit_n[k] = 0.0
            for i in range(c * n_tokens + unit_start[d], c * n_tokens + unit_start[d + ONE]):
                unit_n[mine + topics[i]] += 1.0
            for k in range(mine, mine + n_topics):
                share[k] = (unit_n[k] + prior[k]) / (all_n[k] + smooth[c])
        for i in range(unit_start[d], unit_start[d + ONE]):
            w = np.uint64(token_term[i])
            soon = np.uint64(token_term[min(i + SOON // TWO, n_tokens - ONE)])
            for c in range(n_chains):
                mine = c * width
                first = (w * n_chains + c) * width
                for k in range(ZERO, width, LINE):
                    prefetch(of_term, (soon * n_chains + c) * width + k)
                old = np.uint64(topics[c * n_tokens + i])
                was = mine + old
                without[c] = (unit_n[was] - 1.0 + prior[was]) / (all_n[was] - 1.0 + smooth[c])
                own = np.float32((of_term[first + old] - 1.0 + beta[c]) * without[c])
                running_mass(of_term, first, np.float32(beta[c]), share, mine, n_rows, old, own, running)
            for c in range(n_chains):
                counter[c] += ONE
                u = np.float32(uniform(key[c], counter[c]))
                drawn[c] = min(fallen_on(running, c * width, n_rows, u), n_topics - ONE)
            for c in range(n_chains):
                first = (w * n_chains + c) * width
                old, new = np.uint64(topics[c * n_tokens + i]), drawn[c]
                if n_chains == ONE and new == old:
                    continue
                topics[c * n_tokens + i] = new
                of_term[first + old] -= np.float32(1.0)
                of_term[first + new] += np.float32(1.0)
                was, now = c * width + old, c * width + new
                unit_n[was] -= 1.0
                unit_n[now] += 1.0
                all_n[was] -= 1.0
                all_n[now] += 1.0
                share[was] = without[c]
                share[now] = (unit_n[now] + prior[now]) / (all_n[now] + smooth[c])
    for c in range(n_chains):
        for k in range(n_topics):
            topic_n[c, k] = all_n[c * width + k]


@kernel
def sweep_given(
    token_topic: Any,
    token_term: Any,
    unit_start: Any,
    first: Any,
    last: Any,
    term_topic: Any,
    running: Any,
    key: Any,
    counter: Any,
) -> None:
    """Draw the topic of every token of units `first` up to `last` once, the terms' probabilities in each topic being given.

    Token `i` (term `w` in unit `d`) gets topic `k` with a probability in proportion to `(n_dk + alpha_k) * term_topic[w, k]`, `n_dk` without the
    token itself: summed over the few topics that the unit has, and looked up in `running`, the sums of
    `alpha * term_topic[w]` up to each topic. Number `counter + i` of the stream `key` is its chance.
    """
    n_topics = term_topic.shape[1]
    unit_n = np.zeros(n_topics)
    there = np.empty(n_topics, np.uint32)  # the topics that the unit has
    summed = np.empty(n_topics)
    for d in range(first, last):
        n_there = 0
        for i in range(unit_start[d], unit_start[d + 1]):
            k = token_topic[i]
            if unit_n[k] == 0.0:
                there[n_there] = k
                n_there += 1
            unit_n[k] += 1.0
        for i in range(unit_start[d], unit_start[d + 1]):
            row = term_topic[token_term[i]]
            sums = running[token_term[i]]
            old = token_topic[i]
            unit_n[old] -= 1.0
            own = 0.0
            for j in range(n_there):
                own += unit_n[there[j]] * row[there[j]]
                summed[j] = own
            u = uniform(key, counter + np.uint64(i)) * (own + sums[n_topics - 1])
            if u < own:
                place = 0
                for j in range(n_there):
                    place += summed[j] <= u
                new = there[place]
            else:
                low, high = 0, n_topics - 1
                while low < high:
                    middle = (low + high) // 2
                    if sums[middle] <= u - own:
                        low = middle + 1
                    else:
                        high = middle
                new = np.uint32(low)
            if new != old:
                token_topic[i] = new
                if unit_n[new] == 0.0:
                    there[n_there] = new
                    n_there += 1
                if unit_n[old] == 0.0:
                    place = 0
                    while there[place] != old:
                        place += 1
                    n_there -= 1
                    there[place] = there[n_there]
            unit_n[new] += 1.0
        for j in range(n_there):
            unit_n[there[j]] = 0.0


@kernel
def count_terms(token_topic: Any, by_term: Any, term_first: Any, first: Any, last: Any, counted: Any) -> None:
    """Set how many tokens of terms `first` up to `last` have each topic; term `w` has tokens `by_term[term_first[w] : term_first[w + 1]]`."""
    for w in range(first, last):
        counted[w] = 0
        for j in range(term_first[w], term_first[w + 1]):
            counted[w, token_topic[by_term[j]]] += 1


@kernel
def count_units(token_topic: Any, unit_start: Any, unit_topic: Any) -> None:
    """Set how many tokens of each unit have each topic: (n_units, n_topics)."""
    unit_topic[:] = 0
    for d in range(np.uint64(unit_start.shape[0] - 1)):
        for i in range(unit_start[d], unit_start[d + ONE]):
            unit_topic[d, token_topic[i]] += 1


@kernel
def histogram(unit_topic: Any, sizes: Any) -> None:
    """Add to `sizes[k, n]` one for each unit that has `n` tokens of topic `k`."""
    for d in range(unit_topic.shape[0]):
        for k in range(unit_topic.shape[1]):
            sizes[k, unit_topic[d, k]] += 1


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
    n_present: Any = np.int64(0)  # a plain 0 is a type of its own, for which `_leave` would be compiled once more
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
    longest = 0
    for d in range(gamma.shape[0]):
        longest = max(longest, start[d + 1] - start[d])
    across = np.empty((n_topics, longest))  # the unit's rows of `term_topic`, so that its words stand side by side
    norm = np.empty(longest)
    known = np.zeros(n_topics)  # whose weights were made last: those of topics that a unit lacks stand still at once
    weight = np.zeros(n_topics)
    new = np.empty(n_topics)
    for d in range(gamma.shape[0]):
        n_words = start[d + 1] - start[d]
        for i in range(n_words):
            row = term_topic[terms[start[d] + i]]
            for k in range(n_topics):
                across[k, i] = row[k]
        for _ in range(rounds):
            norm[:n_words] = EPSILON
            for k in range(n_topics):
                if gamma[d, k] != known[k]:
                    known[k] = gamma[d, k]
                    weight[k] = np.exp(digamma(known[k]))  # but for a factor that all topics share, which cancels
                new[k] = 0.0
                for i in range(n_words):
                    norm[i] += weight[k] * across[k, i]
            for i in range(n_words):
                row = term_topic[terms[start[d] + i]]
                scale = n[start[d] + i] / norm[i]
                for k in range(n_topics):
                    new[k] += scale * row[k]
            change = 0.0
            for k in range(n_topics):
                new[k] = alpha[k] + weight[k] * new[k]
                change += abs(new[k] - gamma[d, k])
                gamma[d, k] = new[k]
            if change < tolerance * n_topics:
                break


# --- what Python cannot say --------------------------------------------------------------------------------------------


def _intrinsics() -> dict[str, Any]:
    """What Python cannot tell the compiler: sums over eight topics at once, and what will soon be read.

    Each is numba's own way to say it, an `intrinsic`, which writes a few instructions of LLVM. Their order is written out, so that the bytes are
    the same on every processor; one that cannot add eight numbers at once adds two or four. Topics stand in rows of `EIGHT`:
    topic `k` in row `k // EIGHT`, column `k % EIGHT`; rows are padded with topics of no mass. They stand in this file because
    compiled code that is kept is made anew when this file changes, and when no other does.
    """
    return {"prefetch": _prefetch(), "running_mass": _running_mass(), "fallen_on": _fallen_on()}


def _prefetch() -> Any:
    """`prefetch(array, i)` tells a processor that `array[i]` will soon be read: it changes no result, and `i` may lie outside."""
    from llvmlite import ir
    from numba import types
    from numba.extending import intrinsic

    @intrinsic
    def prefetch(_: Any, array: Any, i: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            where, number = ir.IntType(8).as_pointer(), ir.IntType(32)
            kind = ir.FunctionType(ir.VoidType(), [where, number, number, number])
            call = builder.module.declare_intrinsic("llvm.prefetch", [where], kind)
            to_read_and_keep = [number(0), number(3), number(1)]
            place = builder.gep(_data(context, builder, signature, given, 0), [given[1]])
            builder.call(call, [builder.bitcast(place, where), *to_read_and_keep])
            return context.get_dummy_value()

        return types.void(array, i), generate

    return prefetch


def _running_mass() -> Any:
    """`running_mass(counted, first, beta, share, mine, n_rows, old, own, running)` sums the mass of topics down each column.

    The mass of topic `k` is `(counted[first + k] + beta) * share[mine + k]`, that of `old` is `own`; `running[mine + k]` gets the
    sum of those in its column up to its row.
    """
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    numbers, eight = ir.VectorType(ir.IntType(32), EIGHT), ir.VectorType(ir.FloatType(), EIGHT)

    @intrinsic
    def running_mass(_: Any, counted: Any, first: Any, beta: Any, share: Any, mine: Any, n_rows: Any, old: Any, own: Any, running: Any) -> Any:  # fmt: skip
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            def rows(array: int, start: Any) -> Any:
                place = builder.gep(_data(context, builder, signature, given, array), [start])
                return builder.bitcast(place, eight.as_pointer())

            counted, share, running = rows(0, given[1]), rows(3, given[4]), rows(8, given[4])
            beta, own = _eight_times(builder, given[2], eight), _eight_times(builder, given[7], eight)
            old = _eight_times(builder, builder.trunc(given[6], ir.IntType(32)), numbers)
            total, topics = cgutils.alloca_once(builder, eight), cgutils.alloca_once(builder, numbers)
            builder.store(ir.Constant(eight, [0.0] * EIGHT), total)
            builder.store(ir.Constant(numbers, list(range(EIGHT))), topics)
            with cgutils.for_range(builder, given[5]) as loop:
                of_term, of_unit = (_row(builder, array, loop.index) for array in (counted, share))
                mass = builder.fmul(builder.fadd(of_term, beta), of_unit)
                is_old = builder.icmp_signed("==", builder.load(topics), old)
                summed = builder.fadd(builder.load(total), builder.select(is_old, own, mass))
                builder.store(summed, total)
                builder.store(summed, builder.gep(running, [loop.index]), align=4)
                builder.store(builder.add(builder.load(topics), ir.Constant(numbers, [EIGHT] * EIGHT)), topics)
            return context.get_dummy_value()

        return types.void(counted, first, beta, share, mine, n_rows, old, own, running), generate

    return running_mass


def _fallen_on() -> Any:
    """`fallen_on(running, mine, n_rows, u)` is the topic on which `u`, from 0 to 1, falls: columns one after the other, rows within each.

    Where it falls is counted, not searched, for no processor can guess when a search ends.
    """
    from llvmlite import ir
    from numba import types
    from numba.core import cgutils
    from numba.extending import intrinsic

    number, word = ir.IntType(64), ir.IntType(32)
    eight = ir.VectorType(ir.FloatType(), EIGHT)
    nothing = ir.Constant(eight, [0.0] * EIGHT)

    @intrinsic
    def fallen_on(_: Any, running: Any, mine: Any, n_rows: Any, u: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, given: Any) -> Any:
            first = builder.gep(_data(context, builder, signature, given, 0), [given[1]])
            last = builder.sub(given[2], number(1))
            of_columns = _row(builder, builder.bitcast(first, eight.as_pointer()), last)
            up_to = of_columns
            for shift in (1, 2, 4):
                moved = [EIGHT + i if i < shift else i - shift for i in range(EIGHT)]
                up_to = builder.fadd(up_to, builder.shuffle_vector(up_to, nothing, _places(moved)))
            u = builder.fmul(given[3], builder.extract_element(up_to, word(EIGHT - 1)))
            passed = builder.fcmp_ordered("<=", up_to, _eight_times(builder, u, eight))
            column = builder.zext(builder.ctpop(builder.bitcast(passed, ir.IntType(EIGHT))), number)
            is_column = builder.icmp_unsigned("<", column, number(EIGHT))  # else `u` is 1 by rounding
            column = builder.select(is_column, column, number(EIGHT - 1))
            left = builder.fsub(u, builder.extract_element(builder.fsub(up_to, of_columns), column))
            sums, row = builder.bitcast(first, word.as_pointer()), cgutils.alloca_once(builder, number)
            builder.store(number(0), row)
            with cgutils.for_range(builder, last) as loop:
                place = builder.gep(sums, [builder.add(builder.mul(loop.index, number(EIGHT)), column)])
                # "unordered" keeps the compiler from gathering several at once, which must wait until they are written
                summed = builder.bitcast(builder.load_atomic(place, "unordered", 4), ir.FloatType())
                passed = builder.zext(builder.fcmp_ordered("<=", summed, left), number)
                builder.store(builder.add(builder.load(row), passed), row)
            return builder.add(builder.mul(builder.load(row), number(EIGHT)), column)

        return types.uint64(running, mine, n_rows, u), generate

    return fallen_on


def _data(context: Any, builder: Any, signature: Any, given: Any, i: int) -> Any:
    """Where the numbers of the array begin that argument `i` is."""
    return context.make_array(signature.args[i])(context, builder, given[i]).data


def _row(builder: Any, rows: Any, i: Any) -> Any:
    return builder.load(builder.gep(rows, [i]), align=4)


def _places(places: list[int]) -> Any:
    from llvmlite import ir

    return ir.Constant(ir.VectorType(ir.IntType(32), EIGHT), places)


def _eight_times(builder: Any, value: Any, kind: Any) -> Any:
    """A vector that holds a value eight times."""
    from llvmlite import ir

    nothing = ir.Constant(kind, ir.Undefined)
    one = builder.insert_element(nothing, value, ir.IntType(32)(0))
    return builder.shuffle_vector(one, nothing, _places([0] * EIGHT))
