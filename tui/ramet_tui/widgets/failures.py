"""What every widget with workers shares: a worker that fails is reported and never ends the app."""

from __future__ import annotations

from textual.message import Message
from textual.worker import Worker, WorkerState

from ramet_tui.messages import ProblemOccurred


class ReportsFailures:
    """Mixin for widgets and screens: turns the error of a worker (`exit_on_error=False`) into `ProblemOccurred`."""

    def post_message(self, message: Message) -> bool:
        """Post a message; the widget has the real one."""
        return super().post_message(message)  # type: ignore[misc, no-any-return]  # the mixin is only used with widgets

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Report the error."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            event.stop()
            error = event.worker.error
            self.post_message(ProblemOccurred(error if isinstance(error, Exception) else RuntimeError(str(error))))
