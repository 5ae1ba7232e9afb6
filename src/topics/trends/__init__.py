"""Series, intervals, trends, keyness, bursts and contexts of keywords and topics over time.

How the functions compose is to be read in `steps`: `follow` (names over time), `compare_groups` (what marks groups of articles), `companions` (what
stands beside a name) and `topics_over_time`. Before them come the periods that all of them take:

    said, totals = periods.read_collection(folder), periods.read_totals(folder / "totals.csv")  # both may be missing
    length, why = periods.choose_length(articles)                       # or as set
    placed = periods.place(articles, length)                            # one row an article, sorted by doc_id
    time = placed, periods.calendar(placed, length, said.get("since"), said.get("until")), length, why
"""
