"""Words: what counts as a word. Tokens, lemmas, phrases and concepts in place, and their counts.

words = prepare(articles, language="en", concepts=read_concepts(Path("data/concepts.yml")))
words["counts"]    # Counts, what models are fitted to
words["terms"]     # TERMS
words["dropped"]   # DROPPED of this stage
words["tokens"], words["forms"], words["spans"], words["names"]   # where everything stands: contexts, highlights
"""
