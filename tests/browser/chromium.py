"""A real browser for tests: Chromium by its DevTools protocol, over the WebSocket that it opens itself.

No driver is installed for it: the protocol is JSON. What is not there is skipped, loudly.
"""

import asyncio
import base64
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SECONDS = 60.0

# A page that was left takes its mark with it.
_MARK = "window.left = true"
_ANOTHER = "!window.left"


class Tab:
    """One tab, in a profile of its own."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())
        self.session = ""
        self.messages: list[str] = []
        """What the browser complained of: errors of scripts, and what the Content-Security-Policy has stopped."""

    async def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the protocol, and its result."""
        answer = await self.asked(method, **parameters)
        assert "error" not in answer, (method, answer)
        result: dict[str, Any] = answer["result"]
        return result

    async def asked(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to a command, which may be an error."""
        number = next(self._numbers)
        self._answers[number] = asyncio.get_running_loop().create_future()
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        await self._socket.send_json(message)
        return await asyncio.wait_for(self._answers[number], _SECONDS)

    async def go(self, url: str) -> None:
        """Loads a page, and waits until all of it has come."""
        await self.run(_MARK)
        await self.call("Page.navigate", url=url)
        await self.until(_ANOTHER)

    async def run(self, script: str) -> Any:
        """What a script's last expression gives."""
        answer = await self.call(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    async def fill(self, **values: str) -> None:
        """Types into fields by their ids, as a person does: key by key into the one that has the focus."""
        for name, value in values.items():
            await self.run(f"document.getElementById({json.dumps(name)}).select()")
            await self.call("Input.insertText", text=value)

    async def press(self, key: str, code: int) -> None:
        """A key down and up."""
        text = "\r" if key == "Enter" else ""
        for kind in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text
            )

    async def click(self, words: str, *, loads: bool = True) -> None:
        """Clicks the button or link with these words; waits for the page that follows where one does."""
        await self.run(_MARK)
        found = await self.run(
            "(() => { const all = [...document.querySelectorAll('button, a')];"
            f" const one = all.find((each) => each.textContent.trim() === {json.dumps(words)});"
            " if (one) one.click(); return Boolean(one); })()"
        )
        assert found, f"there is no {words!r}: {await self.text()}"
        if loads:
            await self.until(_ANOTHER)

    async def until(self, condition: str) -> None:
        """Waits until a script's expression holds in a page that has come whole; it may change meanwhile."""
        whole = f"document.readyState === 'complete' && ({condition})"
        async with asyncio.timeout(_SECONDS):
            while True:
                answer = await self.asked("Runtime.evaluate", expression=f"Boolean({whole})", returnByValue=True)
                # What is asked of a page that is just being left has an error for an answer.
                if "error" not in answer and answer["result"]["result"].get("value") is True:
                    return
                await asyncio.sleep(0.05)

    async def text(self) -> str:
        return str(await self.run("document.body.innerText"))

    async def path(self) -> str:
        return str(await self.run("location.pathname"))

    async def picture(self, file: Path) -> None:
        """A screenshot of the whole page."""
        answer = await self.call("Page.captureScreenshot", captureBeyondViewport=True)
        file.write_bytes(base64.b64decode(answer["data"]))

    async def scheme(self, name: str) -> None:
        """What the reader prefers: `light` or `dark`."""
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    async def open(self) -> None:
        """Makes the tab, and listens to what happens in it."""
        context = (await self.call("Target.createBrowserContext"))["browserContextId"]
        made = await self.call("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.call("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self.call(f"{domain}.enable")

    async def close(self) -> None:
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        async for message in self._socket:
            told = json.loads(message.data)
            if "id" in told:
                self._answers.pop(told["id"]).set_result(told)
            elif told["method"] == "Log.entryAdded":
                entry = told["params"]["entry"]
                # A page that refuses has a status of 4xx, which the browser also logs; that is no complaint.
                if entry["level"] == "error" and entry["source"] != "network":
                    self.messages.append(entry["text"])
            elif told["method"] == "Runtime.exceptionThrown":
                self.messages.append(told["params"]["exceptionDetails"]["text"])


@asynccontextmanager
async def chromium() -> AsyncIterator[Tab]:
    """A tab of a browser that is started for it."""
    program = next((found for found in map(shutil.which, _NAMES) if found), None)
    if program is None:
        pytest.skip(f"pages are NOT tried in a real browser: none of {', '.join(_NAMES)} is here")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = await asyncio.create_subprocess_exec(
            program,
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
            "--remote-debugging-port=0",
            f"--user-data-dir={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "HOME": profile},
            start_new_session=True,
        )
        draining = None
        try:
            assert process.stderr is not None
            address = ""
            async with asyncio.timeout(_SECONDS):
                while not address:
                    line = (await process.stderr.readline()).decode(errors="replace")
                    assert line, "the browser has ended"
                    address = line.partition("listening on ")[2].strip()
            # What it says afterwards is of no interest, but it would wait for somebody to take it.
            draining = asyncio.create_task(process.stderr.read())
            async with (
                aiohttp.ClientSession() as session,
                session.ws_connect(address, max_msg_size=0) as socket,
            ):
                tab = Tab(socket)
                await tab.open()
                yield tab
                await tab.close()
        finally:
            # Its helpers are in a group of their own with it, and go with it.
            os.killpg(process.pid, 9)
            await process.wait()
            if draining is not None:
                await draining
