"""Ramet without a user interface: index, retrieval, chat, engine and command line."""
