"""Makes the labelled corpus of failures by running the real tools on small broken projects.

    python -m tests.core.terminal.make_failures --modules NODE_MODULES [--only NAME]

NODE_MODULES holds jest, vitest, mocha, typescript and eslint, as `npm install` leaves them. Tools that are missing are reported
and their cases left as they are. A line of a project that ends in `@@` is the one that a person would open first; the mark is
taken off before the tool sees it. What is written: one text file for each output, and `labels.json` with what is expected of it.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.core.terminal.failure_cases import CASES, Case

FOLDER = Path(__file__).parent / "failures"
HOME = "/home/dev"
MARK = re.compile(r"[ \t]*@@$", re.MULTILINE)
_COUNTED = re.compile(r"(?:^(?:\[\d+\] )?step \d+ of \d+ is done\n){20,}", re.MULTILINE)


def build(folder: Path, case: Case) -> tuple[str, int]:
    """Write the project of a case; return the file and the line that a person would open first."""
    expected = ("", 0)
    for name, marked in case.files.items():
        text = marked.removeprefix("\n")
        for number, line in enumerate(text.split("\n"), 1):
            if MARK.search(line):
                expected = (name, number)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(MARK.sub("", text))
        if name.endswith(".sh"):
            target.chmod(0o755)
    return expected


def neutral(output: bytes, work: Path, modules: Path) -> str:
    """Return an output without the names of folders of the machine that it was made on; numbered lines are counted only."""
    text = output.decode("utf-8", "replace").replace("\r\n", "\n")
    text = text.replace(str(modules), f"{HOME}/shop/node_modules").replace(str(work), HOME)
    text = text.replace(str(Path(sys.prefix).resolve()), f"{HOME}/.venv").replace(os.path.realpath(sys.base_prefix), "/usr/local")
    text = text.replace(str(Path.home()), HOME).replace(str(Path(__file__).resolve().parents[3]), f"{HOME}/tools")
    text = re.sub(r"(?:\.\./)+(?:[\w.-]+/)*?(?=node_modules/)", "", text)
    text = re.sub(r"/[\w./-]+(?=/lib/python[\d.]+/site-packages)", f"{HOME}/.venv", text)
    return _COUNTED.sub(lambda found: f"@@ {found[0].count(chr(10))} steps @@\n", text)


def run(case: Case, modules: Path, target: Path) -> dict[str, object]:
    """Run the command of a case in a new folder and keep what it printed."""
    with tempfile.TemporaryDirectory() as name:
        work = Path(os.path.realpath(name))
        folder = work / "shop"
        folder.mkdir()
        path, line = build(folder, case)
        (folder / "node_modules").symlink_to(modules)
        tools = f"{modules}/.bin:{Path(sys.executable).parent}"
        environment = {
            "PATH": f"{tools}:{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "LANG": "C.UTF-8",
            "TERM": "xterm-256color",
        }
        environment |= {
            "CARGO_TARGET_DIR": f"{work}/target",
            "CARGO_NET_OFFLINE": "true",
            "GOFLAGS": "-mod=mod",
            "GOCACHE": "/tmp/failures-go",
        }
        environment |= {"COLUMNS": "100", "PYTHONDONTWRITEBYTECODE": "1", "NO_UPDATE_NOTIFIER": "1", "CI": "true"} | dict(
            case.environment
        )
        shell = ["bash", "-c", case.command]
        done = subprocess.run(shell, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        (target / f"{case.name}.txt").write_text(neutral(done.stdout, work, modules))
    sources = {name: MARK.sub("", text.removeprefix("\n")) for name, text in case.files.items()}
    return {
        "tool": case.tool,
        "command": case.command,
        "exit_code": done.returncode,
        "path": path,
        "line": line,
        "tests": case.tests,
        "keeps": case.keeps,
        "files": sources,
    }


def main() -> None:
    """Run all cases, or one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", type=Path, required=True)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path, default=FOLDER)
    options = parser.parse_args()
    labels_file = options.out / "labels.json"
    labels = json.loads(labels_file.read_text()) if labels_file.exists() else {}
    known = {case.name for case in CASES}
    labels = {name: label for name, label in labels.items() if name in known}
    for case in CASES:
        if options.only and not re.search(options.only, case.name):
            continue
        if not shutil.which(case.needs, path=f"{options.modules}/.bin:{Path(sys.executable).parent}:{os.environ['PATH']}"):
            print(f"{case.name}: {case.needs} is missing")
            continue
        labels[case.name] = run(case, options.modules.resolve(), options.out)
        if labels[case.name]["exit_code"] == 0:
            print(f"{case.name}: did not fail")
    labels_file.write_text(json.dumps(dict(sorted(labels.items())), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
