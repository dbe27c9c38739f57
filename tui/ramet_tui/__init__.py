"""The Textual app on top of the `ramet` package."""
