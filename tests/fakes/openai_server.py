"""A real HTTP server on 127.0.0.1 that speaks OpenAI's protocol: chat from a script, embeddings computed unless scripted."""

from __future__ import annotations

import json
import threading
import zlib
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 20.0
"""Seconds after which a script that waits for the test gives up, so that a broken test ends."""


@dataclass(frozen=True)
class Send:
    """Write bytes of the event stream as one HTTP chunk."""

    data: bytes


@dataclass(frozen=True)
class Wait:
    """Go on when the test sets the event; what the client does meanwhile is the client's business."""

    event: threading.Event


@dataclass(frozen=True)
class WaitUntilClientLeft:
    """Go on when the client has closed the connection, and set the event."""

    left: threading.Event


@dataclass(frozen=True)
class Cut:
    """Close the connection without ending the stream."""


Step = Send | Wait | WaitUntilClientLeft | Cut


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request."""

    steps: tuple[Step, ...] = ()
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Request:
    """What a client asked."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class OpenAIServer:
    """The running server; replies are used up in the order in which they were enqueued."""

    url: str
    requests: list[Request] = field(default_factory=list)
    replies: deque[Reply] = field(default_factory=deque)
    was_asked: threading.Event = field(default_factory=threading.Event)
    """Set with the first request."""
    dimensions: int = 16
    """Length of the vectors that it computes."""

    def enqueue(self, *replies: Reply) -> None:
        """Script the next replies."""
        self.replies.extend(replies)

    @property
    def embedded(self) -> list[str]:
        """All texts that were sent to be embedded, in the order of the requests."""
        return [text for request in self.requests if request.path.endswith("/embeddings") for text in request.body["input"]]


@contextmanager
def running_server() -> Iterator[OpenAIServer]:
    """Serve on a free port until the block is left."""
    http = _Server(("127.0.0.1", 0), _Handler)
    http.script = OpenAIServer(f"http://127.0.0.1:{http.server_address[1]}/v1")
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield http.script
    finally:
        http.shutdown()
        http.server_close()
        thread.join()


def answer(*pieces: str, usage: dict[str, Any] | None = None) -> Reply:
    """Stream text in pieces, then usage, then the end."""
    return Reply((*text_steps(*pieces), *_ending("stop", usage)))


def tool_call(name: str, *argument_pieces: str, id: str = "call_1", before: str = "") -> Reply:
    """Stream one tool call whose arguments arrive in pieces, after some text if given."""
    first: dict[str, Any] = {"index": 0, "id": id, "type": "function", "function": {"name": name, "arguments": ""}}
    pieces = [{"index": 0, "function": {"arguments": piece}} for piece in argument_pieces]
    calls = tuple(_chunk({"tool_calls": [call]}) for call in [first, *pieces])
    return Reply((*(text_steps(before) if before else ()), *calls, *_ending("tool_calls", None)))


def failure(status: int, message: str, code: str | None = None, headers: dict[str, str] | None = None) -> Reply:
    """Answer with an error the way OpenAI does."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    body = json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})
    return Reply((Send(body.encode()),), status, (("Content-Type", "application/json"), *(headers or {}).items()))


def embeddings(vectors: Sequence[Sequence[float]], headers: dict[str, str] | None = None) -> Reply:
    """Answer with vectors, the last text's first: the order of the list means nothing."""
    data = [{"object": "embedding", "index": index, "embedding": list(vector)} for index, vector in enumerate(vectors)]
    body = {"object": "list", "data": data[::-1], "model": "fake", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    return Reply((Send(json.dumps(body).encode()),), 200, (("Content-Type", "application/json"), *(headers or {}).items()))


def vector_of(text: str, dimensions: int) -> list[float]:
    """Return how often each of a few buckets of words occurs in a text, so that like texts have like vectors."""
    vector = [0.1] * dimensions
    for word in text.lower().split():
        vector[zlib.crc32(word.encode("utf-8", "replace")) % dimensions] += 1.0
    return vector


def cut_after(*pieces: str) -> Reply:
    """Stream text and drop the connection."""
    return Reply((*text_steps(*pieces), Cut()))


def hung_after(left: threading.Event, *pieces: str) -> Reply:
    """Stream text and say nothing more until the client leaves."""
    return Reply((*text_steps(*pieces), WaitUntilClientLeft(left)))


def malformed_after(*pieces: str) -> Reply:
    """Stream text, then a line that is not JSON."""
    return Reply((*text_steps(*pieces), Send(b'data: {"choices": [{"delta": {"con\n\n'), *_ending("stop", None)))


def text_steps(*pieces: str) -> tuple[Step, ...]:
    """Return the steps that stream text."""
    return tuple(_chunk({"role": "assistant", "content": piece}) for piece in pieces)


def raw(data: bytes) -> Step:
    """Return a step that writes bytes as they are."""
    return Send(data)


def _chunk(delta: dict[str, Any], finish: str | None = None, usage: dict[str, Any] | None = None) -> Step:
    choices = [] if usage else [{"index": 0, "delta": delta, "finish_reason": finish}]
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "fake",
        "choices": choices,
    }
    if usage:
        body["usage"] = usage
    return Send(b"data: " + json.dumps(body).encode() + b"\n\n")


def _ending(finish: str, usage: dict[str, Any] | None) -> tuple[Step, ...]:
    tail: Sequence[Step] = [_chunk({}, usage=usage)] if usage else []
    return (_chunk({}, finish), *tail, Send(b"data: [DONE]\n\n"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    script: OpenAIServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length", "0"))
        body = json.loads(self.rfile.read(length))
        script = self.server.script
        script.requests.append(Request(self.path, {key.lower(): value for key, value in self.headers.items()}, body))
        script.was_asked.set()
        reply = script.replies.popleft() if script.replies else self._unscripted(body)
        self.send_response(reply.status)
        for key, value in reply.headers or (("Content-Type", "text/event-stream"),):
            self.send_header(key, value)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        try:
            self._play(reply.steps)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _unscripted(self, body: dict[str, Any]) -> Reply:
        if not self.path.endswith("/embeddings"):
            return failure(500, "the script has no reply for this request")
        length = body.get("dimensions") or self.server.script.dimensions
        return embeddings([vector_of(text, length) for text in body["input"]])

    def _play(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            match step:
                case Send(data):
                    self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
                    self.wfile.flush()
                case Wait(event):
                    event.wait(PATIENCE)
                case WaitUntilClientLeft(left):
                    self._wait_for_close(left)
                    return
                case Cut():
                    self.close_connection = True
                    return
        self.wfile.write(b"0\r\n\r\n")

    def _wait_for_close(self, left: threading.Event) -> None:
        self.connection.settimeout(PATIENCE)
        try:
            is_closed = self.connection.recv(1) == b""
        except TimeoutError:
            is_closed = False
        except ConnectionResetError:
            is_closed = True
        if is_closed:
            left.set()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
