"""Firefox, driven by WebDriver BiDi; what pages ask for and complain of is recorded."""

from __future__ import annotations

import json
import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.support.requirements import FIREFOX

SECONDS = 120  # that an answer may take, on a busy machine


class Tab:
    """The one tab of a browser.

    `asked` are the addresses that pages asked for over the network; files of this machine are not among them.
    `complaints` are the lines of the console.
    """

    def __init__(self, connection: ClientConnection) -> None:
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self._connection, self._number = connection, 0
        self._send("session.new", capabilities={})
        self._send("session.subscribe", events=["log.entryAdded", "network.beforeRequestSent"])
        self._context = self._send("browsingContext.getTree")["contexts"][0]["context"]

    def _send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come before it are recorded."""
        self._number += 1
        self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while (message := json.loads(self._connection.recv(timeout=SECONDS))).get("id") != self._number:
            said = message.get("params", {})
            if message.get("method") == "log.entryAdded":
                self.complaints.append(str(said["text"]))
            elif message.get("method") == "network.beforeRequestSent":
                address = str(said["request"]["url"])
                self.asked += [address] * (not address.startswith("data:"))  # which comes with the page
        if message["type"] == "error":
            raise RuntimeError(f"{method}: {message['error']}: {message['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def open(self, address: str) -> None:
        """Open a page and wait until it is loaded."""
        self._send("browsingContext.navigate", context=self._context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, or of the promise that it is."""
        text = f"(async () => JSON.stringify(await ({expression})) ?? 'null')()"
        target = {"context": self._context}
        found = self._send("script.evaluate", expression=text, target=target, awaitPromise=True)
        if found["type"] == "exception":
            raise RuntimeError(f"{expression}: {found['exceptionDetails']['text']}")
        return json.loads(found["result"]["value"])

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        strokes = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        device = {"type": "key", "id": "keyboard", "actions": strokes}
        self._send("input.performActions", context=self._context, actions=[device])


@contextmanager
def firefox() -> Iterator[Tab]:
    """Start Firefox with an empty profile, and end it."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [FIREFOX, "--headless", "--no-remote", "--profile", profile]
        process = subprocess.Popen(
            [*command, "--remote-debugging-port", "0", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            said = (re.search(r"BiDi listening on (ws://\S+)", line) for line in process.stderr)
            address = next((found[1] for found in said if found), None)
            if address is None:
                raise RuntimeError(f"{FIREFOX} ended with {process.wait()} before it could be driven")
            with connect(f"{address}/session", max_size=None) as connection:
                yield Tab(connection)
        finally:
            process.terminate()
            process.communicate()
