"""The report is one file that loads nothing, hides nothing, and says the answer first."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise

import pytest

from stargate.programme.sampled import DriverEffect
from stargate.view.answer import answers, sources
from stargate.view.page import paragraph
from stargate.view.plan_report import plan_page, plan_report

LOADING = {"src", "srcset", "data", "poster", "background", "action", "formaction", "ping"}


class Elements(HTMLParser):
    """Collects every start tag with its attributes, and the text outside scripts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        self._silent += tag in ("script", "style")

    def handle_endtag(self, tag):
        self._silent -= tag in ("script", "style")

    def handle_data(self, data):
        if not self._silent:
            self.words += data

    def attributes(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


@pytest.fixture(scope="module")
def page(plan) -> str:
    return plan_page(plan)


@pytest.fixture(scope="module")
def elements(page) -> Elements:
    return Elements(page)


def test_no_element_loads_anything(elements):
    for tag, attributes in elements.found:
        assert not LOADING & attributes.keys(), (tag, attributes)
        assert tag not in ("link", "iframe", "object", "embed", "base"), attributes


def test_the_styles_load_nothing(page):
    styles = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    assert styles
    assert not re.search(r"@import|url\(", "".join(styles))


def test_the_page_forbids_itself_every_request(elements):
    policies = [a["content"] for a in elements.attributes("meta") if "http-equiv" in a]
    assert len(policies) == 1
    assert policies[0].startswith("default-src 'none';")


def test_links_lead_only_to_parts_of_the_page_and_to_sources(elements):
    ids = {attributes["id"] for _, attributes in elements.found if "id" in attributes}
    for attributes in elements.attributes("a"):
        address = attributes["href"]
        assert address.startswith("https://") or address.removeprefix("#") in ids


def test_plotly_stands_in_the_page_once_and_adds_little(page):
    assert page.count("plotly.js v") == 1
    assert len(page) < 5_200_000


def test_names_are_escaped(page, elements):
    assert "Two phases <of> a plan" in elements.words
    assert "<of>" not in page
    assert "<rails>" not in page


def test_a_name_cannot_break_out_of_the_chart_data(plan):
    evil = "</script><script>alert(1)</script>"
    task = replace(plan.tasks[0], name=evil, criticality=1.0)
    page = plan_page(replace(plan, tasks=(task,)))
    assert evil not in page
    assert len(Elements(page).attributes("script")) == len(
        Elements(plan_page(plan)).attributes("script")
    )


def test_a_source_that_is_no_web_address_is_no_link(plan):
    fact = replace(plan.facts[0], source="javascript:alert(1)")
    links = Elements(plan_page(replace(plan, facts=(fact,)))).attributes("a")
    assert all(not link["href"].startswith("javascript") for link in links)


def test_the_same_result_gives_the_same_bytes(plan, page):
    assert plan_page(plan) == page


def test_the_answer_stands_before_any_table_or_chart(page):
    answer = page.index('class="answers"')
    assert answer < page.index("<table")
    assert answer < page.index('class="chart"')


def test_the_answer_says_when_how_much_with_which_odds_and_why(elements):
    words = elements.words.replace("\u00a0", " ")
    for said in (
        "Phase five is on line by February 2030 with even odds",
        "31 December 2028, is kept in 0.4 % of the sampled futures",
        "within the upper end of its budget of $100B to $115B in 8 % of the futures",
        "opens at its first attempt in 42 %",
        "at some attempt in 71 %",
        "With the date of Phase five goes most: method progress (−0.62; 15 months)",
        "with the cost: accelerator price (+0.74; $47B)",
        "3.85 GW of IT load, 5 GW at the facility",
    ):
        assert said in words


def test_the_answers_say_how_many_numbers_are_assumed(plan):
    asked, told = sources(plan)
    assumed = sum(fact.confidence == "assumed" for fact in plan.facts)
    assert asked == "Sources"
    assert f"Of {len(plan.facts)} numbers" in told
    assert f"{assumed} are assumed" in told


def test_an_input_that_comes_once_a_block_is_told_once(plan):
    built = [
        DriverEffect(f"task/{block}", f"duration of {block} · building", "P5", "s", rank, 0, 9, 3)
        for block, rank in (("a", 0.5), ("b", 0.4))
    ]
    words = dict(answers(replace(plan, drivers=tuple(built))))["What moves it"]
    assert "duration of a · building, and 1 more like it" in words
    assert "duration of b" not in words


def test_a_budget_is_called_reported_nowhere(page):
    assert "reported" not in page.partition("<script>")[0].lower()


def test_a_run_says_where_the_time_goes_that_makes_no_progress(elements):
    words = elements.words.replace("\u00a0", " ")
    assert "with 100,000 accelerators in one synchronous run" in words
    # 9 h between interruptions, 91 % goodput: 0.09 x 540 min lost at each; half of 30 min redone.
    assert (
        "every 540 minutes on average, and each interruption costs 48.6 minutes: 15.0 of" in words
    )
    assert "So 91.0 % of the time makes progress" in words


def test_a_phase_not_built_in_most_futures_is_said_so(plan):
    five = plan.phases[-1]
    never = replace(
        five.online, p50=float("inf"), p80=float("inf"), p90=float("inf"), mean=float("inf")
    )
    rare = replace(five, online=never, probability_online=0.31)
    words = Elements(plan_page(replace(plan, phases=(plan.phases[0], rare)))).words
    assert "in only 31\u00a0% of the futures" in words


def test_every_chart_is_named_for_who_cannot_see_it_and_spoken_without_script(elements):
    charts = [a for a in elements.attributes("div") if a.get("class") == "chart"]
    assert len(charts) == 14
    assert all(chart["role"] == "img" and chart["aria-label"] for chart in charts)
    assert len(elements.attributes("noscript")) == len(charts) + 1  # one hides the empty frames


def test_headings_descend_without_a_gap(elements):
    levels = [int(tag[1]) for tag, _ in elements.found if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_assumed_facts_stand_first_with_their_source(elements):
    words = elements.words
    assert words.index("price of IT") < words.index("https://epoch.ai/data")
    assert "assumed" in words


def test_how_to_reproduce_names_command_seed_version_and_hash(elements, plan):
    tail = elements.words[elements.words.rindex("How to reproduce this") :]
    for said in ("stargate plan", "seed 7", "0.1.0", plan.spec_hash):
        assert said in tail


def test_a_plan_without_gates_runs_drivers_or_facts_still_makes_a_page(plan):
    bare = replace(plan, gates=(), runs=(), drivers=(), facts=(), assumptions=())
    page = Elements(plan_page(bare))
    titles = {attributes.get("id") for attributes in page.attributes("section")}
    assert titles == {"phases", "money", "power", "reproduce"}


def test_the_report_is_written_where_it_is_asked_for(plan, page, tmp_path):
    path = tmp_path / "out" / "plan.html"
    plan_report(plan, path)
    assert path.read_text(encoding="utf-8") == page


def test_a_strategy_may_break_at_its_commas_and_prose_nowhere_new():
    assert paragraph("tp=8,pp=4,mb=1").html == "<p>tp=8,<wbr>pp=4,<wbr>mb=1</p>"
    assert paragraph("1,000 futures, and more").html == "<p>1,000 futures, and more</p>"
