"""Topic models: fits over topic counts and seeds, scores, stability, alignment, a suggestion, labels.

How the functions compose is to be read in `steps`: `compare` sets the fits of a grid beside each other, `describe` and `read` say what the
topics of one count are. Before them come the fits, each worth keeping under its own key (`map` may be a thread pool's):

    sweep.warm()                                                           # compile, in set-up or beside reading
    wanted = sweep.jobs(sweep.default_grid(counts), (1, 2, 3, 4, 5), "whole", "shuffled", "resampled")
    abreast = sweep.companies(wanted, counts.matrix.shape[0])              # fits that differ in their seed alone take half the time together
    fits = {job: fit for jobs in abreast for job, fit in zip(jobs, sweep.fit_jobs(counts, jobs))}
    choice = sweep.choose(scores of the whole text, stability)             # of `steps.compare`

`lda.share_draws(model, counts, groups)` gives draws of the mean share of each topic in groups of articles, for intervals.
"""
