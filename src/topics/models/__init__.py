"""Topic models: fits over topic counts and seeds, scores, stability, alignment, a suggestion, labels.

How the functions compose (each fit alone is worth keeping under its own key; `map` may be a thread pool's):

    sweep.warm()                                                           # compile, in set-up or beside reading
    grid = sweep.jobs(sweep.default_grid(counts), seeds=(1, 2, 3, 4, 5), paged=(10,))
    fits = {job: sweep.fit_job(counts, job) for job in grid}               # whole, shuffled and resampled texts
    windows = scores.count_windows(words, text_start, terms)               # once, for the top terms of all fits
    table = scores.scores(model, windows, scores.complete(train_fit, held_out_counts))
    base = stability.reference([fits of shuffled text])                    # for each topic count
    shown = models[stability.representative(models)]                       # the run that is shown
    stable = stability.stability(shown, others, base)                      # and matches(stable, shown.seed), convergence
    flow = alignment.relations(alignment.align(shown, the one of the next larger count, counts))
    choice = sweep.choose(all scores, all stability)
    found = labels.find_topics(labels.read_labels(path), shown)            # which topic each label written by hand is of
    merged, number = labels.merge_topics(shown, labels.joined(found, shown.n_topics), shares)
    topics = labels.label_topics(lda.topics(merged, counts), found, number, lda.distinctive_labels(shown))

`lda.share_draws(model, counts, groups)` gives draws of the mean share of each topic in groups of articles, for intervals.
"""
