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
  ramet doctor                                 what is configured, reachable and indexed

`ramet COMMAND --help` explains a command. Exit codes: 0 fine, 1 failure, 2 wrong usage, 130 interrupted."""

ASK_EPILOG = """\
The answer goes to stdout as it arrives, followed by its sources; progress goes to stderr.

Standard input:
  Text piped in is added as context; of a long one the head and the tail are kept. From a terminal or /dev/null nothing is
  read. Where no terminal is involved (cron, CI) a pipe that sends nothing within 10 seconds is given up with a note;
  --stdin waits for it to its end, --no-stdin does not look at it (use that in a shell loop over a file).
  With the question -, or with none at all, the question itself is read from standard input.

examples:
  ramet ask "how is a request routed?"
  ramet ask --no-model "where is the cache filled?"
  ramet ask --continue "and who empties it?"
  ramet ask --context "how is a request routed?"        what would be sent, and how much of it
  git diff | ramet ask "what could this break?"
  ramet ask --json "what is a view?" | jq -r 'select(.event == "Answered").text'"""

KEY_EPILOG = """\
The key is asked for without being shown, or read from standard input: it never appears on the command line.
A variable that is set in the environment wins over the keyring.

examples:
  ramet key set ANTHROPIC_API_KEY
  pass show anthropic | ramet key set ANTHROPIC_API_KEY"""
