"""Branches of the file system: what a working tree holds, forked, edited, run and merged back without touching its repository."""
