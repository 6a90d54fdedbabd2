"""A real JupyterLab in a headless Chromium that sees no other host, driven by the DevTools protocol."""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from websocket import create_connection

from tests.report.browser import CHROMIUM

BROWSER = (
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--enable-unsafe-swiftshader",  # WebGL without a GPU
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
)
SERVER = (
    "--no-browser",
    "--allow-root",
    "--ip=127.0.0.1",
    "--IdentityProvider.token=",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
PATIENCE = 120  # seconds
SESSION = "[...window.jupyterapp?.shell.widgets('main') ?? []][0]?.sessionContext"


class Lab:
    """One page of the browser, in which JupyterLab is open."""

    def __init__(self, address: str):
        self._socket = create_connection(address, suppress_origin=True, timeout=PATIENCE)
        self._last = 0

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A command of the DevTools protocol, and what it answers."""
        self._last += 1
        self._socket.send(json.dumps({"id": self._last, "method": method, "params": parameters}))
        while True:
            said = json.loads(self._socket.recv())
            if said.get("id") == self._last:
                assert "error" not in said, said
                return said["result"]

    def evaluate(self, expression: str) -> Any:
        """The value of a piece of JavaScript."""
        said = self.send("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said["exceptionDetails"]
        return said["result"].get("value")

    def wait_for(self, expression: str) -> Any:
        """The value of a piece of JavaScript as soon as it has one that is true."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            if value := self.evaluate(expression):
                return value
            time.sleep(0.1)
        raise AssertionError(f"never true: {expression}; the page says {self.text('body')[-3000:]}")

    def text(self, selector: str) -> str:
        """What an element says."""
        return self.evaluate(f"document.querySelector({selector!r})?.innerText ?? ''")

    def texts(self, selector: str) -> list[str]:
        """What all such elements say."""
        return self.evaluate(f"[...document.querySelectorAll({selector!r})].map(each => each.innerText)")

    def box(self, selector: str) -> dict[str, float]:
        """Where an element is on the screen, once it has been scrolled to."""
        return self.evaluate(
            f"(() => {{ const element = document.querySelector({selector!r}); "
            "element.scrollIntoView({block: 'center'}); "
            "const {x, y, width, height} = element.getBoundingClientRect(); "
            "return {x, y, width, height}; })()"
        )

    def click(self, x: float, y: float) -> None:
        """Move the mouse to a place and click."""
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            button = {} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)
            time.sleep(0.3)  # plotly looks for the nearest point a few times a second

    def drag(self, x: float, y: float, right: float) -> None:
        """Move the mouse with its button down from a place to the right."""
        places = [("mouseMoved", 0.0), ("mousePressed", 0.0), *(("mouseMoved", k / 10) for k in range(1, 11))]
        for kind, share in (*places, ("mouseReleased", 1.0)):
            held = {"button": "left", "buttons": 1, "clickCount": 1}
            self.send("Input.dispatchMouseEvent", type=kind, x=x + share * right, y=y, **held)
            time.sleep(0.1)

    def press(self, key: str) -> None:
        """Press a key and let it go."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key)

    def resize(self, width: int, height: int = 1000) -> None:
        """Give the window another size, in CSS pixels."""
        shape = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.send("Emulation.setDeviceMetricsOverride", **shape)

    def save_picture(self, path: Path) -> None:
        """What can be seen, as a PNG."""
        path.write_bytes(base64.b64decode(self.send("Page.captureScreenshot")["data"]))

    def run_all_cells(self) -> None:
        """Run the notebook that is open, and wait for its last cell."""
        self.wait_for(f"{SESSION}?.isReady && {SESSION}.session?.kernel?.status === 'idle'")
        cell = self.box(".jp-NotebookPanel .jp-MarkdownCell")
        self.click(
            cell["x"] + cell["width"] / 2, cell["y"] + 5
        )  # commands are for the notebook with the focus
        self.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells'); 0")


@contextmanager
def lab_with(notebook: Path, browser_folder: Path) -> Iterator[Lab]:
    """A notebook, open in JupyterLab."""
    root = notebook.parent
    command = [sys.executable, "-m", "jupyterlab", *SERVER, f"--ServerApp.root_dir={root}", "--port=0"]
    with _process(command, root) as server, _browser(browser_folder) as port:
        address = next(line for line in server.stderr if "http://127.0.0.1:" in line).split()[-1]
        with urlopen(f"http://127.0.0.1:{port}/json/list") as listed:
            page = next(each for each in json.load(listed) if each["type"] == "page")
        lab = Lab(page["webSocketDebuggerUrl"])
        lab.send("Emulation.setFocusEmulationEnabled", enabled=True)  # the page is in front
        lab.resize(1400)
        lab.send("Page.navigate", url=f"{address.split('/lab')[0]}/lab/tree/{notebook.name}")
        yield lab


@contextmanager
def _browser(folder: Path) -> Iterator[int]:
    """Chromium, and the port on which it can be driven."""
    with _process([str(CHROMIUM), *BROWSER, f"--user-data-dir={folder}", "about:blank"], folder):
        said, deadline = folder / "DevToolsActivePort", time.monotonic() + PATIENCE
        while not (said.exists() and said.read_text().strip()):
            assert time.monotonic() < deadline, "Chromium does not start"
            time.sleep(0.1)
        yield int(said.read_text().split()[0])


@contextmanager
def _process(command: list[str], folder: Path) -> Iterator[subprocess.Popen]:
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(folder / ".jupyter")}
    with subprocess.Popen(command, cwd=folder, stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()
