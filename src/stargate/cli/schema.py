"""`stargate schema`: the JSON Schema by which editors complete and check specifications."""

from __future__ import annotations

import json

import click


@click.command("schema")
def command() -> None:
    """Print the JSON Schema of specifications, for editors.

    Save it as stargate.schema.json and begin a file with
    "# yaml-language-server: $schema=stargate.schema.json" for completion and hints.
    """
    from stargate.spec.outline import document_schema

    click.echo(json.dumps(document_schema(), indent=2, ensure_ascii=False))
