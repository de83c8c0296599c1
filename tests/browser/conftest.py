"""A real Chromium against the real server, over a database with the demo in it."""

import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests import databases
from tests.ports import choose_port

ROOT = Path(__file__).parent.parent.parent
PYTHON = ROOT / ".venv/bin/python"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1280, "height": 800}
# What is waited for comes, on a busy machine late; the usual five seconds end too soon there.
expect.set_options(timeout=30_000)
# WebGL without a graphics card; no calls home, which a closed network would refuse one by one.
CHROMIUM = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    # An emulated graphics card takes half a second to draw a frame of a canvas; the processor none.
    "--disable-accelerated-2d-canvas",
    "--ignore-gpu-blocklist",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Site:
    """A running site: its address, its demo accounts' passwords, its database."""

    url: str
    passwords: dict[str, str]
    database: str


def _environment(database: str, home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name[:9] != "LANGBIANG"}
    return {**kept, "DATABASE_URL": database, "LANGBIANG_HOME": str(home)}


def _run(arguments: list[str], database: str, home: Path) -> str:
    done = subprocess.run(
        [PYTHON, "-m", *arguments],
        cwd=ROOT,
        env=_environment(database, home),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def demo(
    template: str, server_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[str, Path, dict[str, str]]]:
    """A database with the demo and its accounts, to be copied; its home, and their passwords."""
    home = tmp_path_factory.mktemp("demo")
    url = databases.make(server_url, "demo", databases.name_of(template))
    _run(["etl", "demo"], url, home)
    said = _run(["flask", "--app", "web", "accounts", "demo"], url, home)
    passwords = dict(line.split("\t") for line in said.splitlines() if "\t" in line)
    databases.close(url, server_url)
    yield url, home, passwords
    databases.drop(url, server_url)


def _serve(database: str, home: Path) -> tuple[subprocess.Popen[bytes], str]:
    """Start gunicorn on a free port and wait until it is ready; its output is shown on failure."""
    port = choose_port()
    url = f"http://127.0.0.1:{port}"
    with (home / "gunicorn.log").open("wb") as log:
        process = subprocess.Popen(
            [
                PYTHON,
                *("-m", "gunicorn", "web:create_app()", "--bind", f"127.0.0.1:{port}"),
                *("--worker-class", "gthread", "--threads", "8"),
            ],
            cwd=ROOT,
            env=_environment(database, home),
            stdout=log,
            stderr=log,
        )
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=2):
                return process, url
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    process.kill()
    process.wait()
    pytest.fail(f"the site did not become ready:\n{(home / 'gunicorn.log').read_text()[-4000:]}")


def _end(process: subprocess.Popen[bytes], how: signal.Signals = signal.SIGTERM) -> None:
    process.send_signal(how)
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _open(demo: tuple[str, Path, dict[str, str]], server_url: str, folder: Path) -> Iterator[Site]:
    """Serve a copy of the demo."""
    source, home, passwords = demo
    database = databases.make(server_url, "site", databases.name_of(source))
    shutil.copytree(home, folder / "home")
    process, url = _serve(database, folder / "home")
    yield Site(url, passwords, database)
    # At once: what a browser still holds open is not waited for.
    _end(process, signal.SIGQUIT)
    databases.drop(database, server_url)


@pytest.fixture(scope="session")
def site(
    demo: tuple[str, Path, dict[str, str]],
    server_url: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    """A running site that tests only read from."""
    with _open(demo, server_url, tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def own_site(
    demo: tuple[str, Path, dict[str, str]], server_url: str, tmp_path: Path
) -> Iterator[Site]:
    """A running site of the test's own, for tests that write."""
    with _open(demo, server_url, tmp_path) as site:
        yield site


@pytest.fixture
def start_worker(own_site: Site, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Start a worker beside the site; it ends with the test."""
    processes = []

    def start() -> None:
        with (tmp_path / "worker.log").open("wb") as log:
            processes.append(
                subprocess.Popen(
                    [PYTHON, "-m", "etl", "worker"],
                    cwd=ROOT,
                    env=_environment(own_site.database, tmp_path / "home"),
                    stdout=log,
                    stderr=log,
                )
            )

    yield start
    for process in processes:
        _end(process)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    assert path, "Chromium is missing: `make setup` installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield browser
        browser.close()


@pytest.fixture
def new_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open pages, each in a context of its own; a script error fails the test."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def make(size: dict[str, int] = DESK, **options: object) -> Page:
        context = chromium.new_context(viewport=size, locale="vi-VN", **options)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints, complaints


@pytest.fixture
def phone(new_page: Callable[..., Page]) -> Page:
    """A page the size of a cheap phone."""
    return new_page(PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)


@pytest.fixture
def desk(new_page: Callable[..., Page]) -> Page:
    """A page the size of an officer's screen."""
    return new_page(DESK)


@pytest.fixture(scope="session")
def sign_in() -> Callable[[Page, Site, str], None]:
    """Sign a page in as one of the demo accounts.

    Once for each account of a site: ten a minute are all that it takes from one address.
    """
    entered: dict[tuple[str, str], list] = {}

    def enter(page: Page, at: Site, name: str) -> None:
        if kept := entered.get((at.url, name)):
            page.context.add_cookies(kept)
            return
        page.goto(f"{at.url}/dang-nhap")
        page.fill("input[name=username]", name)
        page.fill("input[name=password]", at.passwords[name])
        page.click("main button[type=submit]")
        page.wait_for_url(lambda url: "/dang-nhap" not in url)
        entered[at.url, name] = page.context.cookies()

    return enter
