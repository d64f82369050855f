"""A real browser without a window: Chromium or Chrome, driven by Selenium."""

import base64
import shutil
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# No sandbox, because only our own pages are opened and root could not have one; the rest keeps it off the network.
FLAGS = (
    "headless=new", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
    "disable-component-update", "disable-sync", "disable-dev-shm-usage", "hide-scrollbars",
)  # fmt: skip
LAPTOP, PHONE = (1280, 800), (360, 740)


class Missing(Exception):
    """What is not installed that a browser needs."""


def find_programs():
    """Return the paths of the browser and its driver."""
    browser = next(filter(None, map(shutil.which, NAMES)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        raise Missing(f"{'Chromium or Chrome' if browser is None else 'chromedriver'} is not installed")
    return browser, driver


@contextmanager
def started(profile):
    """Start a browser with an empty profile in this folder."""
    browser, driver = find_programs()
    try:
        from selenium import webdriver
    except ImportError:
        raise Missing("selenium is not installed") from None
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for flag in (*FLAGS, f"user-data-dir={profile}"):
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    running = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    try:
        yield Browser(running)
    finally:
        running.quit()


class Browser:
    def __init__(self, driver):
        self.driver = driver
        self.devtools = driver.execute_cdp_cmd
        self.run = driver.execute_script
        self.look()

    def look(self, size=LAPTOP, *, dark=False, reduced_motion=False):
        """Set what the page can ask about the screen and its user."""
        width, height = size
        phone = size == PHONE
        screen = {"width": width, "height": height, "deviceScaleFactor": 2 if phone else 1, "mobile": phone}
        self.devtools("Emulation.setDeviceMetricsOverride", screen)
        wishes = {"color-scheme": "dark" if dark else "light", "reduced-motion": "reduce" if reduced_motion else ""}
        features = [{"name": f"prefers-{name}", "value": value} for name, value in wishes.items()]
        self.devtools("Emulation.setEmulatedMedia", {"features": features})

    def open(self, path):
        self.driver.get(Path(path).resolve().as_uri())
        self.settle()

    def settle(self):
        """Wait until what was asked for is on the screen."""
        self.driver.execute_async_script(
            "const [done] = arguments; requestAnimationFrame(() => requestAnimationFrame(done))"
        )

    def rest(self):
        """Wait until nothing moves any more."""
        self.driver.execute_async_script(
            "const [done] = arguments; Promise.all(document.getAnimations().map((a) => a.finished)).then(() => done())"
        )
        self.settle()

    def await_timers(self, milliseconds):
        """Wait until the page's timers of this length are over: a browser keeps the order of those of one length."""
        self.driver.execute_async_script("setTimeout(arguments[1], arguments[0])", milliseconds)

    def complaints(self):
        """Return what the console has said since the last call, but not its advice to those who read canvases."""
        said = [entry["message"] for entry in self.driver.get_log("browser")]
        return [message for message in said if "willReadFrequently" not in message]

    def text(self, name):
        return self.run("return document.getElementById(arguments[0]).textContent", name)

    def shown(self, name):
        return self.run("return document.getElementById(arguments[0]).offsetParent !== null", name)

    def click(self, selector):
        self.driver.find_element("css selector", selector).click()
        self.settle()

    def focus(self, selector):
        self.run("document.querySelector(arguments[0]).focus()", selector)

    def press(self, *keys):
        """Press keys, by their names in Selenium or the letters themselves, where the focus is."""
        from selenium.webdriver.common.keys import Keys

        for key in keys:
            self.driver.switch_to.active_element.send_keys(getattr(Keys, key, key))
        self.settle()

    def draw(self, *strokes, touch=False):
        """Draw strokes, lists of points (x, y) of 0..1, on the page's pad."""
        left, top, side = self.run(
            "const place = document.getElementById('pad').getBoundingClientRect();"
            "return [place.left, place.top, place.width]"
        )
        for stroke in strokes:
            points = [{"x": left + x * side, "y": top + y * side} for x, y in stroke]
            (self._touch if touch else self._drag)(points)
        self.settle()

    def _drag(self, points):
        pressed = {"button": "left", "buttons": 1, "clickCount": 1}
        self.devtools("Input.dispatchMouseEvent", {"type": "mousePressed"} | points[0] | pressed)
        for point in points[1:]:
            self.devtools("Input.dispatchMouseEvent", {"type": "mouseMoved"} | point | pressed)
        self.devtools("Input.dispatchMouseEvent", {"type": "mouseReleased"} | points[-1] | pressed)

    def _touch(self, points):
        self.devtools("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": points[:1]})
        for point in points[1:]:
            self.devtools("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
        self.devtools("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})

    def screenshot(self, *, whole=False):
        """Return a picture of the screen, or of the whole page, as PNG."""
        asked = {"format": "png"}
        if whole:
            width, height = self.run("const all = document.documentElement; return [all.clientWidth, all.scrollHeight]")
            clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
            asked |= {"captureBeyondViewport": True, "clip": clip}
        return base64.b64decode(self.devtools("Page.captureScreenshot", asked)["data"])

    def accessibility(self, script):
        """Return the rules of axe-core that are broken, and where; its script runs outside of the page's policy."""
        self.devtools("Runtime.evaluate", {"expression": script})
        found = self.driver.execute_async_script("axe.run(document).then(arguments[0])")
        return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]
