"""Real reports in a real browser: every chart is drawn, nothing is complained about or fetched.

The page's own policy forbids every request, and Chromium reports each refusal on the console, so
a silent console means that nothing was asked for. One test makes sure that it would be heard.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from stargate import catalog
from stargate.fleet.account import run
from stargate.fleet.build import scenario_of
from stargate.perf.machine import Machine
from stargate.perf.question import Question
from stargate.perf.sample import sample_of_search
from stargate.perf.search import search
from stargate.programme.fronts import front_of
from stargate.programme.plan import plan
from stargate.spec.loader import load_document
from stargate.spec.workload import TrainingWorkload
from stargate.view.fleet_report import fleet_page
from stargate.view.plan_report import plan_page
from stargate.view.prediction_report import Beside, prediction_page

BINARIES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
CHROMIUM = next(filter(None, map(shutil.which, BINARIES)), None)
EXAMPLE = Path(__file__).parents[2] / "examples" / "stargate.yaml"
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
    *("--hide-scrollbars", "--enable-logging=stderr", "--virtual-time-budget=30000"),
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(BINARIES)} is installed"),
]


@dataclass(frozen=True)
class Visit:
    dom: str
    console: list[str]


def visit(page: str, folder: Path, *flags: str) -> Visit:
    """The page's elements after its scripts ran, and what was written to the console."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    profile = f"--user-data-dir={folder / 'profile'}"
    done = subprocess.run(
        [str(CHROMIUM), *FLAGS, profile, *flags, "--dump-dom", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=180,
        check=True,
    )
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Visit(done.stdout, console)


@pytest.fixture(scope="module")
def plan_html() -> str:
    return plan_page(plan(load_document(EXAMPLE), samples=300, seed=1))


@pytest.fixture(scope="module")
def prediction_html() -> str:
    machine = Machine.of("a100-80gb-sxm", count=64)
    workload = TrainingWorkload(model="gpt3-175b", seq_len=2048, global_batch=64)
    model = catalog.model("gpt3-175b")
    question = Question(model, machine, workload)
    found = search(model, machine, workload)
    sample = sample_of_search(model, machine, workload, n=500, slowest=2.0)
    compared = (found.best, found.alternatives[0])
    beside = Beside(front=front_of(question, [32, 64, 128]), sample=sample, compared=compared)
    return prediction_page(question, found, beside=beside)


@pytest.fixture(scope="module")
def fleet_html() -> str:
    month = EXAMPLE.with_name("campus-month.yaml")
    document = load_document(month, ["fleet.horizon=3 days", "fleet.jobs.frontier.at=2 days"])
    return fleet_page(run(*scenario_of(document)))


@pytest.mark.parametrize("name", ["plan_html", "prediction_html", "fleet_html"])
def test_every_chart_is_drawn_and_the_console_stays_silent(name, request, tmp_path):
    page = request.getfixturevalue(name)
    seen = visit(page, tmp_path)
    promised = re.findall(r'<div class="chart" id="([^"]+)"', page)
    drawn = re.findall(r'<div class="chart js-plotly-plot" id="([^"]+)"', seen.dom)
    assert drawn == promised
    assert seen.dom.count('class="plot-container') == len(promised)
    assert seen.console == []


def test_a_page_that_asks_for_something_would_be_heard(prediction_html, tmp_path):
    asking = prediction_html.replace("<main>", '<main><img src="https://example.org/a.png">', 1)
    assert any("example.org" in line for line in visit(asking, tmp_path).console)


@pytest.mark.parametrize("width", [360, 1440])
def test_the_page_is_never_wider_than_the_window(plan_html, tmp_path, width):
    # Chromium's own window is at least 500 px wide, so the page is put into a frame.
    ruler = (
        "<script>addEventListener('load', () => setTimeout(() => {"
        "document.body.dataset.overflow = document.documentElement.scrollWidth - innerWidth;"
        "}, 3000));</script></body>"
    )
    inner = tmp_path / "inner.html"
    inner.write_text(plan_html.replace("</body>", ruler), encoding="utf-8")
    frame = f"""<iframe src="{inner.as_uri()}" width="{width}" height="900"></iframe><script>
    addEventListener('load', () => setTimeout(() => {{
      document.body.dataset.overflow = frames[0].document.body.dataset.overflow;
    }}, 5000));</script>"""
    seen = visit(frame, tmp_path, "--allow-file-access-from-files", "--window-size=1600,1000")
    assert 'data-overflow="0"' in seen.dom


def test_it_prints_on_a4_without_cutting_a_chart(plan_html, tmp_path):
    path, pdf = tmp_path / "page.html", tmp_path / "page.pdf"
    path.write_text(plan_html, encoding="utf-8")
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [str(CHROMIUM), *FLAGS, profile, f"--print-to-pdf={pdf}", path.as_uri()]
    subprocess.run(command, capture_output=True, timeout=180, check=True)
    content = pdf.read_bytes()
    pages = len(re.findall(rb"/Type\s*/Page\b", content))
    assert content.startswith(b"%PDF")
    assert 5 <= pages <= 40
