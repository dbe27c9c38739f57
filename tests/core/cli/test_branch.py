"""`ramet branch` on a real repository, in one process."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path

import pytest

from tests.core.cli.conftest import Ramet

pytestmark = pytest.mark.usefixtures("lent_vectors")

WRITE = "import pathlib; pathlib.Path('shop/cart.py').write_text('CART = 1\\n'); print('done'); raise SystemExit(4)"


def test_a_branch_from_its_fork_to_its_end(ramet: Ramet, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(shop)
    (shop / "README.md").write_text("# Not committed\n")

    def branch(*words: str) -> tuple[int, str]:
        done = ramet("--in-process", "branch", *words)
        return done.code, done.out

    before = signal.getsignal(signal.SIGINT)
    assert branch("new", "try") == (0, "try  forked from the working tree on main\n")
    assert branch("run", "try", "--", sys.executable, "-c", WRITE)[0] == 4
    assert signal.getsignal(signal.SIGINT) is before
    assert branch("run", "try", "--", "no-such-program")[0] == 127
    recorded = json.loads(ramet("--in-process", "terminal", "list", "--json").out)
    assert [(each["branch"], each["exit_code"]) for each in recorded] == [("try", 127), ("try", 4)]
    assert json.loads(ramet("--in-process", "terminal", "show", "1", "--json").out)["output"] == "done\n"
    code, shown = branch("show", "try")
    assert code == 0
    assert "1 file +1 -23" in shown
    assert "exit code 4" in shown
    assert "done" in shown
    code, diff = branch("diff", "try", "--stat")
    assert (code, diff) == (0, "modified shop/cart.py +1 -23\n")
    assert json.loads(branch("diff", "try", "--against", "now", "--json")[1])["old"] == "working tree"
    assert branch("merge", "try", "--trial") == (0, "  changed  shop/cart.py\n")
    (shop / "shop/cart.py").write_text("MINE = 1\n")
    code, conflict = branch("merge", "try")
    assert code == 3
    assert "#1 line 1" in conflict
    assert (shop / "shop/cart.py").read_text() == "MINE = 1\n"
    assert branch("merge", "try", "--choose", "shop/cart.py#1=theirs") == (0, "  changed  shop/cart.py\n")
    assert (shop / "shop/cart.py").read_text() == "CART = 1\n"
    assert branch("undo") == (0, "  changed  shop/cart.py\nThe merge of try is undone.\n")
    assert branch("keep", "try", "-m", "Simplify")[1].startswith("ramet/try  2 commits")
    path = Path(branch("path", "try")[1].strip())
    assert (path / "shop/cart.py").read_text() == "CART = 1\n"
    assert branch("drop", "try")[1].endswith("ramet branch undo try\n")
    listed = json.loads(branch("list", "--dropped", "--json")[1])
    assert [each["name"] for each in listed["branches"]] == ["try"]
    assert branch("undo", "try") == (0, "try is back.\n")
    assert "try" in branch()[1]
    found = json.loads(ramet("--in-process", "search", "--branch", "try", "Not committed", "--json").out)
    assert found[0]["path"] == "README.md"


@pytest.mark.parametrize(
    "words",
    [
        ["show", "nowhere"],
        ["run", "nowhere"],
        ["merge", "x", "--hunk", "file"],
        ["merge", "x", "--choose", "file=yours"],
        ["new", "--count", "0"],
        ["neww"],
        ["new", "a b"],
    ],
)
def test_wrong_usage_exits_with_2_and_a_sentence(ramet: Ramet, shop: Path, words: list[str]) -> None:
    done = ramet("-C", shop, "--in-process", "branch", *words)

    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("ramet: ")
