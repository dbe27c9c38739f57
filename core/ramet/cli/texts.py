"""The longer texts of `--help`."""

from __future__ import annotations

DESCRIPTION = """\
Ask questions about the code in this folder and get answers with checked citations.

Without a command the app opens. The index is built by itself when it is first needed."""

EPILOG = """\
examples:
  ramet                                        open the app on this repository
  ramet -C ~/src/flask                         ... on another one
  ramet search "where are retries limited"     the best places, and why they were found
  ramet ask "why does teardown run twice?"     an answer with citations
  pytest 2>&1 | ramet ask "why does it fail?"  with piped text as context
  ramet shell                                  your shell, with its commands recorded
  ramet run -- make test                       one command, recorded
  ramet branch new try                         fork everything here, uncommitted work included
  ramet doctor                                 what is configured, reachable and indexed

`ramet COMMAND --help` explains a command. Exit codes: 0 fine, 1 failure, 2 wrong usage, 3 conflict, 130 interrupted."""

ASK_EPILOG = """\
The answer goes to stdout as it arrives, followed by its sources; progress goes to stderr.

Standard input:
  Text piped in is added as context; of a long one the head and the tail are kept. From a terminal or /dev/null nothing is
  read. Where no terminal is involved (cron, CI) a pipe that sends nothing within 10 seconds is given up with a note;
  --stdin waits for it to its end, --no-stdin does not look at it (use that in a shell loop over a file).
  With the question -, or with none at all, the question itself is read from standard input.
  What comes from a terminal or a pipe is cleaned of escape sequences, and secrets in it are replaced by placeholders.

examples:
  ramet ask "how is a request routed?"
  ramet ask --no-model "where is the cache filled?"
  ramet ask --continue "and who empties it?"
  ramet ask --context "how is a request routed?"        what would be sent, and how much of it
  git diff | ramet ask "what could this break?"
  ramet ask --tmux "what went wrong here?"
  ramet ask --json "what is a view?" | jq -r 'select(.event == "Answered").text'"""

BRANCH_EPILOG = """\
A branch is a copy of the whole working tree as it is: with what is modified, staged and untracked, but without what is ignored.
It is kept outside the repository; your files, index, HEAD, stash and hooks are never touched, but by `merge`, which writes files.

examples:
  ramet branch new try                         fork the working tree
  ramet branch run try -- pytest -x            run a command there; its exit code is that of the command
  ramet branch check --all                     run your checks in all branches
  ramet branch compare                         list the branches side by side
  ramet branch diff try --against now          compare with the working tree as it is now
  ramet branch merge try src/ --hunk a.py:1,3  merge back a folder and two hunks
  ramet branch merge try --choose a.py=theirs  choose in a conflict
  ramet branch undo                            take the last merge or drop back
  ramet search --branch try "retry limit"      search it, without a checkout"""

KEY_EPILOG = """\
The key is asked for without being shown, or read from standard input: it never appears on the command line.
A variable that is set in the environment wins over the keyring.

examples:
  ramet key set ANTHROPIC_API_KEY
  pass show anthropic | ramet key set ANTHROPIC_API_KEY"""

SHELL_EPILOG = """\
The shell reads its own files as ever and runs at full speed. Of each command its line, folder, exit code, time and output are
kept for this repository, cleaned and without secrets; a command line that begins with a blank is not. Leave it with `exit`.

examples:
  ramet shell
  ramet shell --shell fish
  ramet terminal list                what was recorded"""

RUN_EPILOG = """\
Input, output, exit code and signals are those of the command. On a terminal it gets one of its own; else its two streams
stay apart. What it prints is kept for this repository, cleaned and without secrets.

examples:
  ramet run -- make test
  ramet run -- sh -c 'make && make check'
  ramet run -- cargo build 2>errors.txt"""

HOOK_EPILOG = """\
The script writes down command line, folder, exit code and time of each command, and never what it printed. It costs about a
millisecond per command and starts no process. In a terminal that is recorded already it does nothing.

examples:
  eval "$(ramet hook bash)"          in ~/.bashrc, as its last line
  eval "$(ramet hook zsh)"           in ~/.zshrc, as its last line
  ramet hook fish | source           in ~/.config/fish/config.fish"""

TERMINAL_EPILOG = """\
examples:
  ramet terminal list --failed
  ramet terminal show 12
  ramet terminal search KeyError
  ramet terminal last-error --json | jq -r .digest
  ramet terminal forget --all"""
