"""Headless Chromium without a network: what the pages of a built book show at a width."""

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
OFF = "--host-resolver-rules=MAP * ~NOTFOUND"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--hide-scrollbars",
    "--allow-file-access-from-files",
    OFF,
)
PROBE = """
const BOXES = ".pst-scrollable-table-container, .cell_output .text_html";

function look(frame) {
  const page = frame.contentDocument, here = selector => [...page.querySelectorAll(selector)];
  return {
    width: page.documentElement.scrollWidth,
    cut: here(BOXES).filter(box => box.querySelector("table") && box.scrollWidth > box.clientWidth + 1).length,
    equations: here(".math").length,
    rendered: here(".math:has(mjx-container svg)").length,
    turning: here(".js-plotly-plot .gl-container").length,
    eyes: here(".js-plotly-plot").map(plot => Math.hypot(...Object.values(plot.layout.scene.camera.eye))),
    asked: frame.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name),
  };
}

async function visit(path) {
  const frame = document.createElement("iframe");
  Object.assign(frame, {src: path, width: WIDTH, height: 900});
  document.body.append(frame);
  await new Promise(done => frame.addEventListener("load", done));
  await frame.contentWindow.MathJax?.startup?.promise;
  await new Promise(done => setTimeout(done, 200));
  const seen = look(frame);
  frame.remove();
  return seen;
}

(async () => {
  const seen = {};
  for (const path of PAGES) seen[path] = await visit(path);
  const result = document.createElement("pre");
  result.id = "seen";
  result.textContent = JSON.stringify(seen);
  document.body.append(result);
})();
"""


def look(root: Path, pages: list[str], width: int) -> dict[str, dict[str, Any]]:
    """Open pages in frames of a width, and measure them.

    Args:
        root: of the built book.
        pages: below it.
        width: of the frames, in CSS pixels.
    """
    probe = root / "probe.html"
    constants = f"const PAGES = {json.dumps(pages)}, WIDTH = {width};"
    probe.write_text(f"<!doctype html><body><script>{constants}{PROBE}</script></body>")
    size = (f"--window-size={width},1000", "--virtual-time-budget=300000", "--dump-dom")
    try:
        done = subprocess.run(
            [str(CHROMIUM), *FLAGS, *size, probe.as_uri()], capture_output=True, text=True, timeout=600
        )
    finally:
        probe.unlink()
    found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr[-2000:]
    return json.loads(html.unescape(found[1]))
