"""A shop on disk, a scripted model and an asker between them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from ramet.chat.asker import Asker
from ramet.config import Config
from ramet.llm.protocol import ChatModel
from ramet.models import ModelChoice
from ramet.store.conversations import ConversationStore
from ramet.terminal.redaction import redact
from tests.fakes.models import ScriptedModel
from tests.fakes.repository import FolderRepository

CHOICE = ModelChoice("test/scripted", "test")


@pytest.fixture
def repository(shop: Path) -> FolderRepository:
    return FolderRepository(shop)


@pytest.fixture
def conversations(tmp_path: Path) -> ConversationStore:
    return ConversationStore(tmp_path / "conversations.db")


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture
def asker_with(repository: FolderRepository, conversations: ConversationStore, model: ScriptedModel) -> Callable[..., Asker]:
    """Build an asker; keyword arguments are those of `Config`, and `choice` is the model chosen."""

    def build(*, choice: ModelChoice | None = CHOICE, **settings: object) -> Asker:
        async def choose(requested: str) -> ModelChoice | None:
            return choice

        async def open_model(chosen: ModelChoice) -> ChatModel:
            return model

        times = iter(range(1, 1_000))
        config = Config(**settings)  # type: ignore[arg-type]  # tests name real fields
        return Asker(repository, conversations, choose, open_model, config, redact, clock=lambda: float(next(times)))

    return build


@pytest.fixture
def asker(asker_with: Callable[..., Asker]) -> Asker:
    return asker_with()
