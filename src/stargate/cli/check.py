"""`stargate check FILE`: every fault of a specification, or what it holds."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import json_option
from stargate.cli.specification import load_specification, overrides_option

if TYPE_CHECKING:
    from stargate.spec.document import Document


@click.command("check")
@click.argument("file", type=click.Path())
@overrides_option
@json_option
def command(file: str, overrides: tuple[str, ...], as_json: bool) -> None:
    """Find every fault of a specification.

    Prints what FILE holds if nothing is wrong; otherwise every fault with its file, line and
    column, what is wrong and what would be right, and exits with 2.
    """
    document = load_specification(file, overrides)
    contents = _contents(document)
    if as_json:
        click.echo(json.dumps(_as_object(document, contents), indent=2))
        return
    title = f" ({document.name})" if document.name else ""
    click.echo(f"{click.format_filename(file)}: good{title}")
    for name, text in _summary(document, contents):
        click.echo(f"  {name:<12} {text}")
    click.echo(f"  {'fingerprint':<12} {document.fingerprint}")


def _contents(document: Document) -> dict[str, int]:
    """How many things of each sort the document holds."""
    network, programme = document.network, document.programme
    sites = network.sites if network else ()
    return {
        "sites": len(sites),
        "clusters": sum(len(site.clusters) for site in sites),
        "accelerators": sum(site.accelerators for site in sites),
        "wan_links": len(network.wan) if network else 0,
        "models": len(document.models),
        "workloads": len(document.workloads),
        "phases": len(programme.phases) if programme else 0,
        "gates": len(programme.gates) if programme else 0,
        "activities": len(programme.activities()) if programme else 0,
    }


def _summary(document: Document, contents: dict[str, int]) -> list[tuple[str, str]]:
    """One line for each part that the document has."""
    network = ("sites", "clusters", "accelerators", "wan_links")
    programme = ("phases", "gates", "activities")
    lines = [
        ("network", ", ".join(_counted(contents[each], each) for each in network)),
        ("models", ", ".join(document.models)),
        ("workloads", ", ".join(document.workloads)),
        ("programme", ", ".join(_counted(contents[each], each) for each in programme)),
    ]
    absent = {"network": document.network is None, "programme": document.programme is None}
    return [(part, text) for part, text in lines if text and not absent.get(part)]


_ONE = {"activities": "activity"}


def _counted(n: int, what: str) -> str:
    """`1 site`, `6,035 activities`, `2 WAN links`."""
    words = _ONE.get(what, what.removesuffix("s")) if n == 1 else what
    return f"{n:,} {words.replace('wan_', 'WAN ')}"


def _as_object(document: Document, contents: dict[str, int]) -> dict[str, object]:
    return {
        "schema_version": 1,
        "ok": True,
        "name": document.name,
        "fingerprint": document.fingerprint,
        "contents": contents,
    }
