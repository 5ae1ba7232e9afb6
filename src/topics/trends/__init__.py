"""Series, intervals, trends, keyness, bursts and contexts of keywords and topics over time.

How the functions compose (`mentions`: (n_docs, n_names), articles sorted by doc_id, as `contexts.mentions` gives them):

    said, totals = periods.read_collection(folder), periods.read_totals(folder / "totals.csv")  # both may be missing
    length, why = periods.choose_length(articles)                       # or as set
    placed = periods.place(articles, length)                            # one row an article
    calendar = periods.calendar(placed, length, said.get("since"), said.get("until"))
    total, of_what = periods.denominators(calendar, placed, totals)
    series = keywords.keyword_series(placed, calendar, length, mentions, names, kinds, totals=total)
    withheld = {} if total is not None else keywords.searched_for({name: variants}, said)
    trends = keywords.keyword_trends(placed, calendar, length, mentions, names, kinds, withheld=withheld, totals=total)
    sentences = keywords.findings(trends)
    found = bursts.bursts(series, calendar, {name: correlation})        # correlations of TRENDS; whole family, with q
    half = keyness.halves(placed, articles.date)                        # or any other two groups
    block, of = keyness.time_blocks(placed, articles.date, half)
    words, untested = keyness.keyness(counts.matrix, counts.terms, half, block, ("early", "late"))
    sentences, of = keyness.sentence_terms(spans, len(names))
    beside = keyness.companions(sentences, of, names, concept, half=half, block=block)
    codes, blocks = prevalence.topic_blocks(placed)                     # groups for models.lda.share_draws
    shares = prevalence.topic_series(draws, blocks, doc_topic, placed, calendar, length, other_runs={seed: doc_topic})
    moving = prevalence.topic_trends(doc_topic, placed, calendar, length, withheld=unstable)
"""
