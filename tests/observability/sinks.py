"""Receivers of alerts in tests: a mail server and an HTTP server, on the loopback address only."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOOPBACK = "127.0.0.1"
JOIN_SECONDS = 10.0


@dataclass
class MailSink:
    """A mail server that takes everything.

    Attributes:
        port: where it listens.
        mails: what came.
        logins: the users and passwords that came.
        tls: how connections are encrypted; None where they can't be.
        encrypted: how many connections were.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    logins: list[tuple[str, str]] = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    encrypted: int = 0

    @property
    def subjects(self) -> list[str]:
        """The subjects of the mails, on one line each."""
        return [" ".join(str(mail["Subject"]).split()) for mail in self.mails]

    def of(self, word: str) -> list[EmailMessage]:
        """The mails with a word in their subject."""
        pairs = zip(self.mails, self.subjects, strict=True)
        return [mail for mail, subject in pairs if word in subject]

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection: as much of SMTP as a client needs."""

        def say(*lines: str) -> None:
            writer.write("".join(f"{line}\r\n" for line in lines).encode())

        say("220 sink")
        while line := await reader.readline():
            command, _, rest = line.decode().strip().partition(" ")
            match command.upper():
                case "EHLO":
                    say("250-sink", *(["250-STARTTLS"] if self.tls else []), "250 AUTH PLAIN")
                case "STARTTLS" if self.tls:
                    say("220 go on")
                    await writer.start_tls(self.tls)
                    self.encrypted += 1
                case "AUTH":
                    _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
                    self.logins.append((user, password))
                    say("235 come in")
                case "DATA":
                    say("354 go on")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    self.mails.append(message_from_bytes(text[:-3], policy=policy.default))
                    say("250 taken")
                case "QUIT":
                    say("221 bye")
                    break
                case _:
                    say("250 well")
            await writer.drain()
        writer.close()


@contextmanager
def mail_sink(tls: ssl.SSLContext | None = None) -> Iterator[MailSink]:
    """Runs a mail server on a free port, with STARTTLS where there is `tls`."""
    sink, loop, ready = MailSink(tls=tls), asyncio.new_event_loop(), threading.Event()

    async def listen() -> asyncio.Server:
        return await asyncio.start_server(sink.talk, LOOPBACK, 0)

    def run() -> None:
        server = loop.run_until_complete(listen())
        sink.port = server.sockets[0].getsockname()[1]
        ready.set()
        loop.run_forever()
        server.close()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert ready.wait(JOIN_SECONDS)
    try:
        yield sink
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(JOIN_SECONDS)


@dataclass(frozen=True)
class Request:
    """A request that came."""

    path: str
    authorization: str
    body: dict[str, Any]


@dataclass
class HttpSink:
    """An HTTP server that takes everything, and shows metrics.

    Attributes:
        url: its address.
        metrics: what `/metrics` says.
        requests: what was posted.
    """

    url: str = ""
    metrics: str = ""
    requests: list[Request] = field(default_factory=list)

    def to(self, path: str) -> list[Request]:
        """The requests that were posted to a path."""
        return [request for request in self.requests if request.path == path]


@contextmanager
def http_sink() -> Iterator[HttpSink]:
    """Runs an HTTP server on a free port."""
    sink = HttpSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"]))
            login = self.headers.get("Authorization", "")
            sink.requests.append(Request(self.path, login, json.loads(text)))
            self.answer(b"{}")

        def do_GET(self) -> None:
            self.answer(sink.metrics.encode())

        def answer(self, text: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *args: object) -> None:
            """Nothing: tests look at what came."""

    server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
    sink.url = f"http://{LOOPBACK}:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sink
    finally:
        server.shutdown()
        server.server_close()
        thread.join(JOIN_SECONDS)
