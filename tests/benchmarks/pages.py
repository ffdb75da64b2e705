"""A report's pages in a real browser: requests, dialogs, script errors, accessibility, width, weight.

Run as `python tests/benchmarks/pages.py REPORT… [--axe axe.min.js] [--pictures FOLDER]`. Opens every page in headless
Chromium (`chromium` on the PATH) at 390, 820 and 1440 pixels, light and dark, and says what it asked for and ran; presses
Tab until it has been everywhere, and counts what the keyboard alone does not reach, or reaches without showing it. With
axe-core's script (npm package axe-core, MPL-2.0) it counts violations of its rules; `--pictures` keeps a screenshot of each. The exit
code is 1 if anything is found. The browser is spoken to in its own protocol, by the tornado that Jupyter brings.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import json
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

WIDTHS = (390, 820, 1440)
SCHEMES = ("light", "dark")
LIMIT_MB = 1.5
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run",
           "--remote-debugging-port=0", "--hide-scrollbars", "about:blank")  # fmt: skip
# What of a page is wider than its window, and what of its text is cut: a table may scroll in a box of its own.
WIDE = "document.documentElement.scrollWidth - window.innerWidth"
SMALL = """[...document.querySelectorAll('body *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 &&
 n.textContent.trim()) && e.getClientRects().length && parseFloat(getComputedStyle(e).fontSize) *
 (e.getScreenCTM ? e.getScreenCTM().a : 1) < 10.9).length"""  # of a figure's letters as large as they are seen
AXE = "axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations.map(v => [v.id, v.nodes.length])))"

# What a person can use on a page, as it is opened: each wants to be reached by Tab, and to show that it was.
USABLE = """window.left = new Set([...document.querySelectorAll('a[href],button,summary,input,[tabindex="0"]')].filter(
 e => e.checkVisibility() && !e.disabled)); window.left.size"""
REACHED = """(e => { const s = getComputedStyle(e), seen = s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) > 0;
 if (seen) window.left.delete(e); return window.left.size })(document.activeElement)"""


class Browser:
    """Headless Chromium, spoken to by the DevTools protocol."""

    async def start(self) -> Browser:
        from tornado.websocket import websocket_connect

        self.profile = tempfile.mkdtemp()
        command = [shutil.which("chromium") or "chromium", f"--user-data-dir={self.profile}", *OPTIONS]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for line in self.process.stderr:
            if match := re.search(r"ws://\S+", line):
                break
        else:
            raise SystemExit("Chromium did not start.")
        self.socket = await websocket_connect(match[0], max_message_size=1 << 28)
        self.number, self.events, self.session = 0, [], None
        target = (await self.call("Target.createTarget", url="about:blank"))["targetId"]
        self.session = (await self.call("Target.attachToTarget", targetId=target, flatten=True))["sessionId"]
        for domain in ("Page", "Network", "Runtime", "Log"):
            await self.call(f"{domain}.enable")
        return self

    async def call(self, method: str, **params: object) -> dict:
        self.number += 1
        number = self.number
        message = {"id": number, "method": method, "params": params}
        await self.socket.write_message(json.dumps(message | ({"sessionId": self.session} if self.session else {})))
        while True:
            said = json.loads(await asyncio.wait_for(self.socket.read_message(), 60))
            if said.get("id") == number:
                if "error" in said:
                    raise RuntimeError(said["error"])
                return said["result"]
            self.events.append(said)
            if said.get("method") == "Page.javascriptDialogOpening":  # left open, it would stop everything
                self.number += 1
                closing = {"id": self.number, "method": "Page.handleJavaScriptDialog", "params": {"accept": False}}
                await self.socket.write_message(json.dumps(closing | {"sessionId": self.session}))

    async def run(self, script: str) -> object:
        said = await self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in said:
            raise RuntimeError(said["exceptionDetails"].get("text"))
        return said["result"].get("value")

    async def open(self, address: str, width: int, scheme: str) -> list[dict]:
        """Open a page, wait until it is loaded and still, and give what happened meanwhile."""
        await self.call("Page.setBypassCSP", enabled=False)  # as its reader sees it
        await self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1,
                        mobile=width < 500)  # fmt: skip
        await self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.events = []
        await self.call("Page.navigate", url=address)
        for _ in range(200):
            if await self.run("document.readyState") == "complete":
                break
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.2)
        await self.run("1")
        return self.events

    async def out_of_reach(self) -> int:
        """How many of a page's links, buttons and folds Tab does not come to, or comes to without an outline."""
        left = usable = int(await self.run(USABLE))
        for _ in range(usable + 2):
            for kind in ("keyDown", "keyUp"):
                await self.call("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
            left = int(await self.run(REACHED))
            if not left:
                break
        return left

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.profile, ignore_errors=True)


def found(events: list[dict], address: str) -> Counter:
    """Requests other than for the page itself and its data: addresses, dialogs, and errors of scripts."""
    count: Counter = Counter()
    for event in events:
        method, params = event.get("method", ""), event.get("params", {})
        if method == "Network.requestWillBeSent":
            url = params["request"]["url"]
            count["requests"] += not url.startswith(("data:", address, "about:"))
        count["dialogs"] += method == "Page.javascriptDialogOpening"
        errors = method == "Runtime.exceptionThrown" or (
            method == "Log.entryAdded" and params["entry"]["level"] == "error"
        )
        count["errors"] += errors
    return count


async def look(reports: list[Path], axe: str, pictures: Path | None) -> int:
    browser = await Browser().start()
    total: Counter = Counter()
    print(
        f"{'page':34} {'MB':>5} {'requests':>8} {'dialogs':>7} {'errors':>6} {'axe':>4} {'no key':>6} "
        f"{'wide px':>7} {'small text':>10}"
    )
    try:
        for report in reports:
            for page in sorted(report.glob("*.html")):
                address, count, notes = page.resolve().as_uri(), Counter(), []
                for scheme in SCHEMES:
                    for width in WIDTHS:
                        count += found(await browser.open(address, width, scheme), address)
                        count["wide"] = max(count["wide"], int(await browser.run(WIDE)))
                        count["small"] = max(count["small"], int(await browser.run(SMALL)))
                        if pictures:
                            shot = await browser.call("Page.captureScreenshot", captureBeyondViewport=True)
                            name = f"{report.name}-{page.stem}-{width}-{scheme}.png"
                            (pictures / name).write_bytes(base64.b64decode(shot["data"]))
                        if width == WIDTHS[2]:
                            count["keyboard"] += await browser.out_of_reach()
                        if axe and width != WIDTHS[1]:
                            await browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
                            await browser.run(axe)
                            broken = json.loads(str(await browser.run(AXE)))
                            count["axe"] += sum(n for _, n in broken)
                            notes += [f"{name} ({n}; {width}, {scheme})" for name, n in broken]
                size = page.stat().st_size / 1e6
                count["heavy"] = size > LIMIT_MB
                said = (
                    f"{count['requests']:8} {count['dialogs']:7} {count['errors']:6} {count['axe'] if axe else '-':>4}"
                )
                print(
                    f"{report.name + '/' + page.name:34} {size:5.2f} {said} {count['keyboard']:6} {count['wide']:7} {count['small']:10}"
                )
                for note in dict.fromkeys(notes):
                    print(f"    axe: {note}")
                total += count
    finally:
        browser.stop()
    print("Nothing found." if not +total else f"Found: {dict(+total)}")
    return 1 if +total else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reports", nargs="+", type=Path)
    parser.add_argument("--axe", type=Path, help="axe-core's axe.min.js")
    parser.add_argument("--pictures", type=Path)
    given = parser.parse_args()
    if not shutil.which("chromium"):
        print("Chromium is not installed; Debian's package is `chromium`.")
        return 0
    if given.pictures:
        given.pictures.mkdir(parents=True, exist_ok=True)
    axe = given.axe.read_text(encoding="utf-8") if given.axe else ""
    return asyncio.run(look(given.reports, axe, given.pictures))


if __name__ == "__main__":
    sys.exit(main())
