"""Trains the table of the default embedder from published packages: `python -m ramet.learn.table`."""
