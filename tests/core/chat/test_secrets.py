"""No secret reaches a model, or the store of conversations, on any way into a request."""

from __future__ import annotations

import json
from pathlib import Path

from ramet.chat.asker import Asker
from ramet.events import Answered, Retrieved
from ramet.llm.protocol import ToolCall
from ramet.models import AskRequest, Attachment
from tests.fakes.models import ScriptedModel

TYPED = "ghp_" + "1a2B3c4D5e6F7g8H9i0J" + "kLmNoPqRsTuVwXyZ"
PIPED = "AKIA" + "IOSFODNN7QQ3MPLE"
STORED = "sk-ant-api03-" + "Zx9Yw8Vu7Ts6Rq5Po4Nm3Lk2Ji1Hg0FeDcBa-" * 2 + "AA"
URL = "postgres://shop:hunter2-" + "correct-horse@db.example/shop"


def stored_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("conversations.db*"))


async def test_no_secret_reaches_the_model_on_any_way(asker: Asker, model: ScriptedModel, shop: Path, tmp_path: Path) -> None:
    (shop / "shop/settings.py").write_text(
        f'"""Settings of the charge of the cart."""\nAPI_KEY = "{STORED}"\nDATABASE = "{URL}"\n'
    )
    model.enqueue_calls(ToolCall("c1", "read_file", json.dumps({"path": "shop/settings.py"})))
    model.enqueue_answer("Done.")
    request = AskRequest(f"Why is {TYPED} refused when the cart is charged?", attachments=(Attachment("log", f"key={PIPED}\n"),))

    events = [event async for event in asker.ask(request)]

    assert isinstance(events[-1], Answered)
    retrieved = next(event for event in events if isinstance(event, Retrieved))
    assert any("placeholder" in note for note in retrieved.notes)
    sent = "\n".join(request.text for request in model.requests)
    kept = stored_bytes(tmp_path)
    assert "settings.py" in sent
    assert sent.count("<secret:") >= 4
    for secret in (TYPED, PIPED, STORED, "hunter2-correct-horse"):
        assert secret not in sent
    for secret in (TYPED, PIPED, STORED, "hunter2-correct-horse"):
        assert secret.encode() not in kept


async def test_the_same_secret_keeps_its_placeholder_in_a_conversation(asker: Asker, model: ScriptedModel) -> None:
    model.enqueue_answer("By `checkout` [1].")
    model.enqueue_answer("Yes.")
    first = [event async for event in asker.ask(AskRequest(f"Why is {TYPED} refused?"))][-1]
    assert isinstance(first, Answered)

    [event async for event in asker.ask(AskRequest(f"Is {TYPED} too short?", conversation=first.conversation))]

    questions = [line for line in model.requests[1].text.split("\n") if "refused?" in line or "too short?" in line]
    placeholders = {word for line in questions for word in line.split() if word.startswith("<secret:")}
    assert len(placeholders) == 1
