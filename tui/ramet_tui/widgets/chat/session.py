"""What the chat pane remembers between questions. Imports no Textual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ramet.models import AskRequest, Usage
from ramet_tui.widgets.chat.state import TurnState


@dataclass
class ChatSession:
    """The conversation at hand and the model that answers; owned by the pane."""

    conversation: str = ""
    """Empty until the first answer of a new conversation."""
    title: str = ""
    model: str = ""
    """Chosen with /model; empty leaves it to the configuration."""
    uses_model: bool = True

    def start_anew(self) -> None:
        """Begin a new conversation; the choice of model stays."""
        self.conversation = ""
        self.title = ""

    def request(self, question: str) -> AskRequest:
        """Return the request for the next question."""
        return AskRequest(question=question, conversation=self.conversation, model=self.model, use_model=self.uses_model)

    def take_in(self, state: TurnState) -> None:
        """Remember which conversation an answer belongs to."""
        self.conversation = state.conversation or self.conversation
        self.title = self.title or " ".join(state.request.question.split())[:80]


def total_cost(states: Sequence[TurnState]) -> float | None:
    """Return what a conversation cost in US dollars; None where no price is known."""
    costs = [state.usage.cost for state in states if state.usage.cost is not None]
    return sum(costs) if costs else None


def last_usage(states: Sequence[TurnState]) -> tuple[Usage, str]:
    """Return usage and model of the last answer by a model."""
    return next(((state.usage, state.model) for state in reversed(states) if state.model), (Usage(), ""))
