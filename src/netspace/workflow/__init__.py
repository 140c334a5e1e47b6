"""Whole experiments: ask, train, judge, decide."""
