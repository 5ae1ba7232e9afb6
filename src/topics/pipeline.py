"""The steps in order: the only module that knows the order, and the only one that hands out settings."""
