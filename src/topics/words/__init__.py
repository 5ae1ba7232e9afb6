"""Words: what counts as a word. Tokens, lemmas, phrases and concepts in their places, and counts of them.

The whole way, and what a page, a context or a trend needs of it:

    concepts = read_concepts(Path("data/concepts.yml"))            # words.concepts; a bad file: UserError with its lines
    words = prepare(articles, language="en", concepts=concepts)    # words.counts
    words["counts"], words["terms"], words["dropped"]              # Counts, TERMS, DROPPED; words["notes"]: sentences
    words["names"], words["spans"]                                 # what is counted or left out, and where each stands
    words["tokens"], words["forms"]                                # every word, as offsets

A vocabulary learned on some articles alone, and applied to all (`train`: positions in `words["doc_ids"]`):

    vocabulary = learn_vocabulary(words, docs=train)
    counts = count(place(words, vocabulary), vocabulary["names"], words["doc_ids"])

`hidden_terms(words, hide)` names the terms that lists and figures leave out and models keep.
"""
