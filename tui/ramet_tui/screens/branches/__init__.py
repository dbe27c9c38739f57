"""Branches of the file system in the app: the board, the comparison, the conflicts of a merge, running commands in one."""
