"""The chat pane: questions, streamed answers, and the sources they can be checked against."""
