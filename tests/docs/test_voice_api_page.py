"""The page on the voice API names every address. Run as a script to renew its table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "voice-api.md"
MARKED = re.compile(r"<!-- addresses -->\n(.*?)<!-- /addresses -->\n", re.DOTALL)


def described() -> dict:
    pytest.importorskip("fastapi", reason="needs the extra [voice]: fastapi")
    from stargate.voice.http import Service, make_app

    return make_app(Service(None, None, None, "tone")).openapi()  # type: ignore[arg-type]


def table() -> str:
    rows = [
        f"| `{method.upper()} {path}` | {told['description'].partition(chr(10))[0]} |\n"
        for path, methods in described()["paths"].items()
        for method, told in methods.items()
    ]
    return "| address | what it does |\n|---|---|\n" + "".join(rows)


def test_every_address_stands_in_the_page() -> None:
    found = MARKED.search(PAGE.read_text("utf-8"))
    assert found is not None
    assert found[1] == table(), f"run {Path(__file__).name} as a script"


def test_every_rule_of_a_refusal_has_its_status_in_the_page() -> None:
    pytest.importorskip("fastapi", reason="needs the extra [voice]: fastapi")
    from stargate.voice.http.faults import STATUS

    page = PAGE.read_text("utf-8")
    for status in sorted(set(STATUS.values())):
        rules = [f"`{rule}`" for rule, s in STATUS.items() if s == status]
        assert f"| {status} | {', '.join(rules)} |" in page


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    new = f"<!-- addresses -->\n{table()}<!-- /addresses -->\n"
    PAGE.write_text(MARKED.sub(lambda _: new, page), "utf-8")
