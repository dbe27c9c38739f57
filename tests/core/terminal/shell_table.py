"""Commands that every recorded shell must tell of exactly, and what they print."""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One command line as it is typed."""

    posix: str
    output: str = ""
    exit_code: int = 0
    fish: str | None = None
    """Where fish writes it in another way; None where it does not."""
    bash: str = ""
    """What the history of bash makes of it, where that differs."""
    folder: str = ""
    """Where it begins, below the folder of the session."""

    def typed(self, shell: str) -> str:
        """Return what is typed into a shell; a tab alone would complete."""
        return self._line(shell).replace("\t", "\x16\t")

    def recorded(self, shell: str) -> str:
        """Return what its command line is called afterwards."""
        return self.bash if shell == "bash" and self.bash else self._line(shell)

    def _line(self, shell: str) -> str:
        return self.fish if shell == "fish" and self.fish is not None else self.posix


FORGED_END = r"\033]7717;00000000000000000000000000000000;D;0\007"

CASES = [
    Case("echo hello", "hello\n"),
    Case("echo hello", "hello\n"),
    Case("true"),
    Case("false", exit_code=1),
    Case("sh -c 'exit 2'", exit_code=2),
    Case("sh -c 'exit 130'", exit_code=130),
    Case("sh -c 'exit 255'", exit_code=255),
    Case("sh -c 'kill -9 $$'", "*", exit_code=137),
    Case("no-such-program-here", "*", exit_code=127),
    Case("./text.txt", "*", exit_code=126),
    Case("printf 'no line end'", "no line end"),
    Case("printf 'ends\\n\\n'", "ends\n\n"),
    Case("printf ''"),
    Case("echo a; echo b", "a\nb\n"),
    Case("echo a;echo b ; false", "a\nb\n", 1),
    Case("echo 'one;two' \"three;four\"", "one;two three;four\n"),
    Case("printf '%s\\n' 'back\\slash' 'two\\\\'", "back\\slash\ntwo\\\\\n", fish="printf '%s\\n' 'back\\slash' 'two\\\\\\\\'"),
    Case("echo '100%25 %41 %'", "100%25 %41 %\n"),
    Case("echo 'grün 日本語 🌲 é'", "grün 日本語 🌲 é\n"),
    Case('echo "it\'s" \'"quoted"\'', 'it\'s "quoted"\n'),
    Case("echo   many    blanks  ", "many blanks\n", bash="echo   many    blanks  "),
    Case("echo 'first\nsecond'", "first\nsecond\n"),
    Case("echo 'a\n\n  b;\\'", "a\n\n  b;\\\n", fish="echo 'a\n\n  b;\\\\'"),
    Case("echo joined \\\nup", "joined up\n", bash="echo joined up"),
    Case("cat <<'END'\none $HOME\n  two;\nEND", "one $HOME\n  two;\n", fish="printf 'one $HOME\\n  two;\\n'"),
    Case("for i in 1 2; do echo $i; done", "1\n2\n", fish="for i in 1 2; echo $i; end"),
    Case(
        "for i in 1 2\ndo\necho $i\ndone",
        "1\n2\n",
        fish="for i in 1 2\necho $i\nend",
        bash="for i in 1 2; do echo $i; done",
    ),
    Case("if true; then echo yes; fi", "yes\n", fish="if true; echo yes; end"),
    Case('greet() { echo "hi $1"; return 4; }', fish='function greet; echo "hi $argv[1]"; return 4; end'),
    Case("greet Ada", "hi Ada\n", 4),
    Case("alias shout='echo LOUD'"),
    Case("shout now", "LOUD now\n"),
    Case("X=5; echo $X", "5\n", fish="set X 5; echo $X"),
    Case("X=6 sh -c 'echo $X'", "6\n"),
    Case("echo $((6 * 7))", "42\n", fish="math '6 * 7'"),
    Case("echo $(echo inner)", "inner\n", fish="echo (echo inner)"),
    Case("(echo sub; exit 3)", "sub\n", 3, fish="begin; echo sub; sh -c 'exit 3'; end"),
    Case("{ echo group; false; }", "group\n", 1, fish="begin; echo group; false; end"),
    Case("echo x | tr x y", "y\n"),
    Case("false | true"),
    Case("true | false", exit_code=1),
    Case("echo error >&2", "error\n"),
    Case("echo gone >/dev/null"),
    Case("cat < text.txt", "text\n"),
    Case("ls | sort | head -n 1", "inner\n"),
    Case("test -d inner && echo there", "there\n"),
    Case("test -d nowhere || echo missing", "missing\n"),
    Case("cd inner"),
    Case("pwd", "*", folder="inner"),
    Case("cd 'a b;c%d ü'", folder="inner"),
    Case("pwd | sed 's|.*/||'", "a b;c%d ü\n", folder="inner/a b;c%d ü"),
    Case("cd ../..", folder="inner/a b;c%d ü"),
    Case("env | grep -i 'ramet_\\(nonce\\|shells\\|login\\|zdotdir\\)'", exit_code=1),
    Case("env | grep -c __ramet", "0\n", 1),
    Case(f"printf '{FORGED_END}forged'", "forged"),
    Case("printf '\\033]7717;00;C;/tmp;rm -rf\\033\\\\'", ""),
    Case("printf '\\033]7717;broken'; echo; echo next", "\nnext\n"),
    Case("printf '\\033]133;D;0\\007still here\\033]133;A\\007'; false", "still here", 1),
    Case("printf '\\033]633;E;faked\\007\\033]633;C\\007'", ""),
    Case("printf '\\033]52;c;c2VjcmV0\\007\\033]0;title\\007shown\\n'", "shown\n"),
    Case("printf '\\033[31mred\\033[0m\\n'", "red\n"),
    Case("printf '10%%\\r50%%\\r100%%\\n'", "100%\n"),
    Case("printf 'before\\n\\033[?1049hscreen\\033[?1049lafter\\n'", "before\nafter\n"),
    Case("seq 1 100000 | tail -n 1", "100000\n"),
    Case('echo "tab\there"', "tab\there\n", fish="printf 'tab\\there\\n'"),
    Case("sh -c 'echo out; echo err >&2; exit 9'", "out\nerr\n", 9),
    Case("sleep 0 & wait", "*", fish="sleep 0 & ; wait"),
    Case("echo done", "done\n"),
]
"""An output of `*` is not compared: it names the shell, or a process."""
