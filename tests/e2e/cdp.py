"""A headless Chromium driven over the DevTools protocol: open a page, evaluate, wait, take pictures."""

import asyncio
import base64
import json
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--autoplay-policy=no-user-gesture-required",
    "--use-fake-device-for-media-stream",
    "--remote-debugging-port=0",
)
START_TIMEOUT_S = 20.0
CALL_TIMEOUT_S = 15.0


def chromium_path() -> str | None:
    """The browser on PATH, or None."""
    return next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), None
    )


class PageError(Exception):
    """A script in the page threw."""


class Page:
    """One tab. `problems` collects uncaught exceptions, console errors and refusals by the security policy."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._answers: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next_id = 0
        self.problems: list[str] = []

    async def read(self) -> None:
        """Dispatch messages until the browser goes away."""
        async for raw in self._socket:
            message = json.loads(raw)
            future = self._answers.pop(message.get("id", 0), None)
            if future is not None and not future.done():
                future.set_result(message)
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        params = message.get("params", {})
        if message.get("method") == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.problems.append(details.get("exception", {}).get("description") or details["text"])
        if message.get("method") == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(params["entry"]["text"])

    async def call(self, method: str, **params: object) -> dict[str, Any]:
        """One DevTools command."""
        self._next_id += 1
        future = asyncio.get_running_loop().create_future()
        self._answers[self._next_id] = future
        await self._socket.send(json.dumps({"id": self._next_id, "method": method, "params": params}))
        answer = await asyncio.wait_for(future, CALL_TIMEOUT_S)
        if "error" in answer:
            raise PageError(f"{method}: {answer['error'].get('message')}")
        result: dict[str, Any] = answer["result"]
        return result

    async def open(self, url: str) -> None:
        """Navigate and wait until the document is complete."""
        await self.call("Page.navigate", url=url)
        await self.until("document.readyState === 'complete'")

    async def evaluate(self, script: str) -> Any:
        """The value of a JavaScript expression; promises are awaited."""
        result = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise PageError(str(result["exceptionDetails"].get("exception", {}).get("description")))
        return result["result"].get("value")

    async def until(self, script: str, timeout_s: float = 10.0) -> Any:
        """Wait until the expression is truthy and return its value."""
        deadline = asyncio.get_running_loop().time() + timeout_s
        while True:
            try:
                if value := await self.evaluate(script):
                    return value
            except PageError as error:
                # A navigation in between takes the script's context away.
                if "context" not in str(error):
                    raise
            if asyncio.get_running_loop().time() > deadline:
                text = await self.evaluate("document.body.innerText")
                raise TimeoutError(f"not within {timeout_s} s: {script}\nproblems: {self.problems}\npage:\n{text}")
            await asyncio.sleep(0.05)

    async def click(self, selector: str) -> None:
        """Click the element once it is there and can be used."""
        await self.until(f"document.querySelector({json.dumps(selector + ':not(:disabled)')}) !== null")
        script = f"document.querySelector({json.dumps(selector)}).click()"
        await self.call("Runtime.evaluate", expression=script, userGesture=True)

    async def text(self, selector: str) -> str:
        """The visible text of the element."""
        return str(await self.evaluate(f"document.querySelector({json.dumps(selector)}).innerText"))

    async def fill(self, selector: str, value: str) -> None:
        """Type into a field."""
        await self.evaluate(f"document.querySelector({json.dumps(selector)}).focus()")
        await self.call("Input.insertText", text=value)

    async def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        """Set the size of the window and the colour scheme the page sees."""
        mobile = width < 600
        await self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=mobile
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.call("Emulation.setEmulatedMedia", features=features)

    async def picture(self, path: Path) -> None:
        """Write a PNG of what is seen."""
        shot = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(path.write_bytes, base64.b64decode(shot["data"]))


@asynccontextmanager
async def browser_page(profile: Path, microphone: Path | None = None, flags: Sequence[str] = ()) -> AsyncIterator[Page]:
    """A fresh browser with one tab. `microphone` is a WAV file it hears once; without one, permission is not given."""
    program = chromium_path()
    assert program is not None, "no Chromium on PATH"
    recording = f"--use-file-for-fake-audio-capture={microphone}%noloop"
    heard = [recording, "--use-fake-ui-for-media-stream"] if microphone else []
    process = await asyncio.create_subprocess_exec(
        program, *FLAGS, *heard, *flags, f"--user-data-dir={profile}", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            address = await _page_address(profile)
        async with connect(address, max_size=None, proxy=None) as socket:
            page = Page(socket)
            reader = asyncio.create_task(page.read())
            try:
                for domain in ("Page", "Runtime", "Log"):
                    await page.call(f"{domain}.enable")
                yield page
            finally:
                reader.cancel()
                await asyncio.gather(reader, return_exceptions=True)
    finally:
        await _stop(process)


async def _page_address(profile: Path) -> str:
    """Where to drive the first tab: the browser writes its port into the profile and lists its tabs over HTTP."""
    marker = profile / "DevToolsActivePort"
    while True:
        port = marker.read_text().partition("\n")[0] if marker.exists() else ""
        for tab in await _tabs(int(port)) if port else []:
            if tab["type"] == "page":
                return tab["webSocketDebuggerUrl"]
        await asyncio.sleep(0.05)


async def _tabs(port: int) -> list[dict[str, str]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    # The browser builds the sockets' addresses from the Host header.
    writer.write(f"GET /json/list HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n".encode())
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = next(int(line.split(b":")[1]) for line in head.splitlines() if line.startswith(b"content-length"))
    tabs: list[dict[str, str]] = json.loads(await reader.readexactly(length))
    writer.close()
    return tabs


async def _stop(process: asyncio.subprocess.Process) -> None:
    """End the browser, politely first: it removes its locks and its children."""
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        await asyncio.wait_for(process.wait(), 5)
    except TimeoutError:
        process.kill()
        await process.wait()
