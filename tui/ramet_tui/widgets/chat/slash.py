"""What the slash commands do."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from ramet.inert import inert_line
from ramet_tui.widgets.chat.dialogs import ConfirmScreen, ConversationsScreen
from ramet_tui.widgets.chat.export import conversation_markdown, export_path
from ramet_tui.widgets.chat.help import HelpNote

if TYPE_CHECKING:
    from ramet_tui.widgets.chat.pane import ChatPane


class SlashCommands:
    """Carries out commands on a pane; runs in a worker of it, so it may wait."""

    def __init__(self, pane: ChatPane) -> None:
        self._pane = pane

    async def run(self, name: str, argument: str) -> None:
        """Carry out one command of `COMMANDS`."""
        match name:
            case "new":
                await self._pane.new_conversation()
            case "conversations":
                await self._conversations()
            case "model":
                self._model(argument)
            case "nomodel":
                self._pane.choose_model("", uses_model=False)
                self._pane.composer.hint("Answers are extracts from the code now; /model NAME asks a model again.")
            case "retry":
                self._pane.retry_last()
            case "copy":
                self._pane.transcript.action_copy_answer()
            case "export":
                await self._export(argument)
            case "help":
                await self._pane.add_note(HelpNote())

    def _model(self, name: str) -> None:
        session = self._pane.session
        if name:
            self._pane.choose_model(name, uses_model=True)
            self._pane.composer.hint(f"{inert_line(name)} answers from now on.")
        elif not session.uses_model:
            # Without a name the command takes back /nomodel.
            self._pane.choose_model("", uses_model=True)
            self._pane.composer.hint(f"{self._pane.model_name or 'The configured model'} answers from now on.")
        else:
            present = inert_line(self._pane.model_name) or "no model"
            self._pane.composer.hint(
                f"Now: {present}. Choose another: /model anthropic/claude-sonnet-4-5, /model ollama_chat/qwen3"
            )

    async def _conversations(self) -> None:
        workspace = self._pane.workspace
        if workspace is None:
            return
        infos = await workspace.conversations()
        chosen = await self._pane.app.push_screen_wait(ConversationsScreen(workspace, infos))
        if chosen:
            await self._pane.resume(chosen)
        elif self._pane.session.conversation and workspace is self._pane.workspace:
            remaining = {info.id for info in await workspace.conversations()}
            if self._pane.session.conversation not in remaining and not self._pane.is_answering:
                await self._pane.new_conversation()

    async def _export(self, argument: str) -> None:
        pane = self._pane
        if not argument or not pane.transcript.states:
            pane.composer.hint("Say where to: /export FILE.md" if pane.transcript.states else "There is nothing to export yet.")
            return
        path = export_path(argument, Path.cwd())
        doubts = await asyncio.to_thread(_doubts, path, pane.workspace.root if pane.workspace else None)
        if doubts and not await pane.app.push_screen_wait(ConfirmScreen(doubts, str(path), "write")):
            return
        text = conversation_markdown(pane.session.title or "Conversation", pane.transcript.states)
        try:
            await asyncio.to_thread(path.write_text, text, "utf-8")
        except OSError as error:
            pane.composer.hint(f"Not written: {error.strerror or error}: {inert_line(str(path))}")
            return
        pane.notify(f"Wrote {inert_line(str(path))}", timeout=4, markup=False)


def _doubts(path: Path, root: Path | None) -> str:
    """Return the question to ask before a file is written; empty where there is nothing to ask."""
    resolved = path.resolve()
    is_inside = root is not None and resolved.is_relative_to(root)
    if path.exists():
        return "This file exists. Write over it?"
    return "This is inside the repository. Write it there?" if is_inside else ""
