"""Takes the pictures of docs/images/ from the running demo. Their sizes are always the same; their times are not."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from scripts.palette import shrink

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
PORT = 8797
LARGEST = 200_000  # bytes of a picture
WIDE, WHOLE, NARROW = (1280, 1000), (1280, 1890), (320, 720)


@dataclass(frozen=True)
class Shot:
    """A picture: a page, at a size, in a colour scheme. `path` may name what the demo printed: `{open}`, `{told}`."""

    name: str
    path: str
    size: tuple[int, int] = WIDE
    dark: bool = False
    desk: bool = False


SHOTS = (
    Shot("front", "/", WHOLE),
    Shot("front-dark", "/", WHOLE, dark=True),
    Shot("front-phone", "/", NARROW),
    Shot("front-phone-dark", "/", NARROW, dark=True),
    Shot("incident", "{told}"),
    Shot("incident-phone", "{open}", NARROW),
    Shot("history", "/history/"),
    Shot("service", "/services/links/"),
    Shot("desk", "/desk/", desk=True),
    Shot("desk-phone", "/desk/", NARROW, desk=True),
    Shot("desk-form", "/desk/incidents/new", desk=True),
    Shot("desk-form-phone", "/desk/incidents/new", NARROW, desk=True),
    Shot("desk-plan-phone", "/desk/maintenance/new", NARROW, desk=True),
    Shot("desk-analysis", "/desk{told}analysis", desk=True),
    Shot("about", "/about/"),
)


def main() -> int:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("scripts/shots: Chromium is missing. On Debian: apt install chromium", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "talaia", "demo", "--port", str(PORT)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as demo:
        try:
            printed = welcome(demo)
            if printed is None:
                return 1
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium)
                for shot in SHOTS:
                    take(browser, shot, printed)
                browser.close()
        finally:
            demo.send_signal(signal.SIGTERM)
    return 0


def welcome(demo: subprocess.Popen[str]) -> dict[str, str] | None:
    """What the demo printed: the paths of two incidents, the user, the password. None when it ended instead."""
    said = ""
    assert demo.stdout
    for line in demo.stdout:
        said += line
        if "Ctrl-C" in line:
            open_one, told = re.findall(r"(/incidents/\S+)", said)[:2]
            person, password = re.findall(r"(\w+)  (\w{4}-\w{4}-\w{4})", said)[0]
            return {"open": open_one, "told": told, "person": person, "password": password}
    return None


def take(browser: Browser, shot: Shot, printed: dict[str, str]) -> None:
    width, height = shot.size
    context = browser.new_context(
        base_url=f"http://127.0.0.1:{PORT}",
        viewport={"width": width, "height": height},
        device_scale_factor=2 if shot.size == NARROW else 1,
        color_scheme="dark" if shot.dark else "light",
        reduced_motion="reduce",
        locale="ca-ES",
    )
    page = context.new_page()
    if shot.desk:
        enter(page, printed)
    answer = page.goto(shot.path.format(**printed))
    assert answer
    assert answer.ok, f"{shot.path}: {answer.status}"
    file = IMAGES / f"{shot.name}.png"
    file.write_bytes(shrink(page.screenshot(animations="disabled", caret="hide")))
    context.close()
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}  {size // 1000} kB")
    assert size <= LARGEST, f"{file.name} is larger than {LARGEST // 1000} kB"


def enter(page: Page, printed: dict[str, str]) -> None:
    """Log in at the desk, in Catalan."""
    page.goto("/desk/")
    page.locator("input[name=username]").fill(printed["person"])
    page.locator("input[name=password]").fill(printed["password"])
    page.locator("input[name=password]").press("Enter")
    page.wait_for_url("**/desk/")


if __name__ == "__main__":
    sys.exit(main())
