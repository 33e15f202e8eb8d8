"""Chromium, driven over a pipe by its own protocol (Chrome DevTools Protocol): no other driver."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

BINARIES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, BINARIES)), None)
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--remote-debugging-pipe", "--mute-audio"),
    *("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream"),
    "--autoplay-policy=no-user-gesture-required",
)
TIMEOUT_S = 30.0


class Chromium:
    """One page of one browser. What the page logs, or is refused, is kept in `console`."""

    def __init__(self, folder: Path, *flags: str) -> None:
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        wired = f'exec "$@" 3<&{commands} 4>&{answers}'
        profile = f"--user-data-dir={folder / 'profile'}"
        self._process = subprocess.Popen(
            ["bash", "-c", wired, "bash", str(CHROMIUM), *FLAGS, profile, *flags, "about:blank"],
            pass_fds=(commands, answers),
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        self._n = 0
        self._session: str | None = None
        self._unread = b""
        self.console: list[str] = []
        target = self._call("Target.createTarget", url="about:blank")
        attached = self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "DOM"):
            self._call(f"{domain}.enable")

    def open(self, address: str) -> None:
        self._call("Page.navigate", url=address)
        self.wait("document.readyState === 'complete'")

    def eval(self, script: str) -> Any:
        """What a script is worth; promises are awaited."""
        told = self._call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in told:
            raise AssertionError(told["exceptionDetails"]["exception"].get("description", told))
        return told["result"].get("value")

    def wait(self, script: str, timeout_s: float = TIMEOUT_S) -> None:
        """Until a script is true."""
        until_s = time.monotonic() + timeout_s
        while time.monotonic() < until_s:
            if self.eval(f"!!({script})"):
                return
            time.sleep(0.05)
        raise AssertionError(f"never true: {script}; the page says:\n{self.text()}")

    def text(self) -> str:
        return self.eval("document.body.innerText")

    def wait_text(self, words: str, timeout_s: float = TIMEOUT_S) -> None:
        self.wait(f"document.body.innerText.includes({json.dumps(words)})", timeout_s)

    def click(self, words: str) -> None:
        """Press the button or link that says this."""
        found = (
            "[...document.querySelectorAll('button, a')].find(e => e.offsetParent !== null "
            f"&& !e.disabled && e.textContent.trim() === {json.dumps(words)})"
        )
        self.wait(f"!!{found}")
        self.eval(f"{found}.click()")

    def fill(self, label: str, value: str) -> None:
        """Write into the field with this label."""
        self.eval(
            f"(() => {{ const label = [...document.querySelectorAll('label')].find("
            f"l => l.textContent === {json.dumps(label)}); const field = label.control; "
            f"field.value = {json.dumps(value)}; "
            "field.dispatchEvent(new Event('input', {bubbles: true})); })()"
        )

    def give(self, selector: str, *files: Path) -> None:
        """Choose files, as a person would in the dialogue."""
        root = self._call("DOM.getDocument")["root"]["nodeId"]
        node = self._call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self._call("DOM.setFileInputFiles", nodeId=node, files=[str(file) for file in files])

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            self._call("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def look(self, width: int, dark: bool = False) -> None:
        """Be a window of this width, by day or by night."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
        self._call("Emulation.setDeviceMetricsOverride", **size)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, file: Path) -> None:
        """The whole page as PNG."""
        shot = self._call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self) -> None:
        os.close(self._to)
        self._process.terminate()
        self._process.wait(timeout=20)
        os.close(self._from)

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._n += 1
        message = {"id": self._n, "method": method, "params": parameters}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            told = self._next()
            if told.get("id") == self._n:
                assert "error" not in told, told
                return told["result"]
            self._note(told)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._unread:
            data = os.read(self._from, 2**20)
            assert data, "the browser is gone"
            self._unread += data
        message, _, self._unread = self._unread.partition(b"\0")
        return json.loads(message)

    def _note(self, event: dict[str, Any]) -> None:
        about = event.get("params", {})
        if event.get("method") == "Runtime.exceptionThrown":
            self.console.append(str(about["exceptionDetails"]))
        if event.get("method") == "Runtime.consoleAPICalled":
            self.console.append(str(about["args"]))
        if event.get("method") == "Log.entryAdded":
            self.console.append(about["entry"]["text"])


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Callable[..., Chromium]]:
    """Starts browsers that hear a file in place of a microphone."""
    if CHROMIUM is None:
        pytest.skip(f"none of {', '.join(BINARIES)} is installed")
    opened: list[Chromium] = []

    def start(heard: Path | None = None, *flags: str) -> Chromium:
        hears = [f"--use-file-for-fake-audio-capture={heard}"] if heard else []
        opened.append(Chromium(tmp_path, *hears, *flags))
        return opened[-1]

    yield start
    for browser in opened:
        browser.close()
