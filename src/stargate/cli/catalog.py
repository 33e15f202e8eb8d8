"""`stargate catalog`: what the catalogue holds, one entry of it, and the import of models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from typing_extensions import override

from stargate.cli.outputs import json_option

if TYPE_CHECKING:
    pass


class CatalogGroup(click.Group):
    """`catalog` alone lists, `catalog NAME` shows, `catalog COMMAND` runs the command."""

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command in that the user may leave out."""
        first = args[0] if args else "--list"
        if first not in self.commands and first not in ctx.help_option_names:
            implied = "show" if args and not first.startswith("-") else "list"
            args = [implied, *args]
        return super().parse_args(ctx, args)


kind_option = click.option("--kind", default="", help="Only this kind, such as accelerator.")


@click.group("catalog", cls=CatalogGroup)
def command() -> None:
    """Show the sourced facts that everything rests on.

    \b
    stargate catalog                      what there is, by kind
    stargate catalog h100-sxm             every value with its unit, source and confidence
    stargate catalog --kind accelerator   one kind
    stargate catalog search transformer   entries that mention a word
    """


@command.command("list")
@kind_option
@click.option("--markdown", is_flag=True, help="Print a kind as a Markdown table.")
@json_option
def list_entries(kind: str, markdown: bool, as_json: bool) -> None:
    """List every entry, or those of one kind (the default command)."""
    from stargate.catalog import comparison
    from stargate.catalog.index import KINDS, items
    from stargate.cli import catalog_text, catalog_tree

    if not kind:
        if markdown:
            raise click.UsageError("--markdown needs --kind")
        held = {name: items(name) for name in KINDS}
        _print(as_json, lambda: catalog_tree.overview(held), lambda: catalog_text.overview(held))
        return
    found = list(items(kind).values())
    if markdown:
        if kind not in comparison.COMPARED:
            raise click.UsageError(f"--markdown is for {', '.join(comparison.COMPARED)}")
        click.echo(comparison.markdown(kind), nl=False)
        return
    _print(
        as_json,
        lambda: catalog_tree.listing(kind, found),
        lambda: catalog_text.listing(kind, found),
    )


@command.command("show")
@click.argument("name")
@kind_option
@json_option
def show(name: str, kind: str, as_json: bool) -> None:
    """Show one entry with every value (the command that `catalog NAME` stands for)."""
    from stargate.catalog.index import find_item
    from stargate.cli import catalog_text, catalog_tree

    item = find_item(name, kind)
    _print(as_json, lambda: catalog_tree.entry(item), lambda: catalog_text.page(item))


@command.command("search")
@click.argument("words", nargs=-1, required=True)
@json_option
def search_entries(words: tuple[str, ...], as_json: bool) -> None:
    """List the entries that mention all the words; exit 1 if there is none."""
    from stargate.catalog.index import search
    from stargate.cli import catalog_text, catalog_tree

    found = list(search(" ".join(words)))
    if found or as_json:
        _print(
            as_json,
            lambda: catalog_tree.listing("", found),
            lambda: catalog_text.mixed_listing(found),
        )
    if not found:
        click.echo(
            f"no entry mentions {' and '.join(words)}; `stargate catalog` lists it all", err=True
        )
        raise SystemExit(1)


@command.command("import-model")
@click.argument("config", type=click.Path(dir_okay=False))
@click.option("--id", "id_", default="", help="Name of the model; by default the folder's.")
@click.option("-o", "--output", type=click.Path(dir_okay=False), help="Write to this file.")
@json_option
def import_model(config: str, id_: str, output: str | None, as_json: bool) -> None:
    """Turn a Hugging Face CONFIG (config.json) into a model of a specification."""
    from stargate.catalog.huggingface import transformer_of
    from stargate.cli import catalog_tree

    values = read_config(config)
    name = id_ or name_of(values, Path(config))
    model = transformer_of(values, name, config)
    text = catalog_tree.model_json(name, model) if as_json else catalog_tree.model_yaml(name, model)
    if output:
        Path(output).write_text(text, encoding="utf-8")
        click.echo(f"wrote {output}", err=True)
    else:
        click.echo(text, nl=False)


def read_config(path: str) -> dict[str, object]:
    """The object that a `config.json` holds; raises `SpecError` where it holds none."""
    from stargate.errors import Problem, SpecError

    try:
        values = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise SpecError([Problem(f"cannot be read: {error.strerror}", file=path)]) from error
    except UnicodeDecodeError as error:
        raise SpecError([Problem("is no UTF-8 text", file=path)]) from error
    except json.JSONDecodeError as error:
        problem = Problem(f"is no JSON: {error.msg}", "", path, error.lineno, error.colno)
        raise SpecError([problem]) from error
    except RecursionError as error:
        raise SpecError([Problem("is nested too deeply", file=path)]) from error
    if not isinstance(values, dict):
        raise SpecError([Problem("must hold one JSON object", file=path)])
    return values


def name_of(values: dict[str, object], path: Path) -> str:
    """A name from `_name_or_path`, or else from the file or the folder that holds it."""
    stated = values.get("_name_or_path")
    base = stated.rstrip("/").rpartition("/")[2] if isinstance(stated, str) and stated else ""
    where = path.stem if path.stem != "config" else path.resolve().parent.name
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "-" for c in base or where)
    name = kept.lower().strip("-.")[:64]
    return name if name[:1].isalpha() else f"model-{name}"[:64].rstrip("-")


def _print(as_json: bool, tree: Callable[[], object], text: Callable[[], None]) -> None:
    if as_json:
        click.echo(json.dumps(tree(), indent=2, ensure_ascii=False))
    else:
        text()
