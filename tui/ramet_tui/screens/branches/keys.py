"""The screens of branches whose keys the help lists."""

from __future__ import annotations

from textual.dom import DOMNode

from ramet_tui.screens.branches.board import BranchBoard
from ramet_tui.screens.branches.check_output import CheckOutputScreen
from ramet_tui.screens.branches.compare import CompareScreen
from ramet_tui.screens.branches.conflicts import ConflictScreen
from ramet_tui.screens.branches.diff import DiffScreen
from ramet_tui.screens.branches.run import RunScreen

BRANCH_SCREENS: tuple[type[DOMNode], ...] = (BranchBoard, DiffScreen, ConflictScreen, RunScreen, CompareScreen, CheckOutputScreen)
