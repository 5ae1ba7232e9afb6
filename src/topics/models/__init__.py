"""Topic models: fits, scores, stability, alignment, a suggestion, labels."""
