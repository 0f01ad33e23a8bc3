"""Measurements of the whole path and of the ranking, each beside a baseline of the same run."""
