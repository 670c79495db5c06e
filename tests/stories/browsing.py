"""A real browser for stories: headless Chromium, driven by WebDriver."""
import json
import subprocess
import urllib.request

import foreign
import peers


def ask(url, content=None, method=None):
    """One command of WebDriver; gives its value."""
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)["value"]


def session(story, *options, logs=None):
    """The address of a session, which ends with the story; `logs` names what is to be logged, and from which level."""
    port = foreign.free_port()
    log = (story.home / "chromedriver.log").open("wb")
    story.addCleanup(log.close)
    process = subprocess.Popen([foreign.need("chromedriver"), f"--port={port}"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    story.addCleanup(peers.stop, process)
    peers.wait_for_port(port, process)
    words = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server",
             "--disable-background-networking", "--disable-component-update", f"--user-data-dir={story.home}/profile", *options]
    wanted = {"capabilities": {"alwaysMatch": {"goog:chromeOptions": {"binary": foreign.need("chromium"), "args": words},
                                               **({"goog:loggingPrefs": logs} if logs else {})}}}
    base = f"http://127.0.0.1:{port}/session"
    address = f"{base}/{ask(base, wanted)['sessionId']}"
    story.addCleanup(lambda: ask(address, method="DELETE"))
    return address
