"""`stargate voice evaluate|survival`: how near copies come, and what the mark survives."""

from __future__ import annotations

from pathlib import Path

import click

from stargate.cli import voice_text as texts
from stargate.cli.outputs import json_option, log
from stargate.cli.voice_place import Where, tell


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--recorded",
    metavar="NAMES",
    help="Recorded voices (am_onyx,bf_emma) in the place of people, each kept from its own copy.",
)
@json_option
@click.pass_obj
def evaluate(where: Where, folder: Path | None, recorded: str | None, as_json: bool) -> None:
    """Measure how near copies come, on a folder of speakers or on a public-domain reader."""
    from stargate.voice.evaluation import evaluate as run
    from stargate.voice.evaluation import recorded_voices
    from stargate.voice.speakers import librivox_reader, speakers_in

    assets = where.weights()
    speakers = speakers_in(folder) if folder else []
    speakers += recorded_voices(recorded.split(","), assets) if recorded else []
    tell(run(speakers or [librivox_reader()], assets, log), as_json, texts.evaluation)


@click.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--unmarked", is_flag=True, help="Count false alarms instead, on hundreds of windows; 15 min."
)
@json_option
@click.pass_obj
def survival(where: Where, folder: Path | None, unmarked: bool, as_json: bool) -> None:
    """Attack the watermark on a public-domain reader: what it survives; or count false alarms.

    With a FOLDER of recordings, one file or one folder of files a speaker, both at once: each
    window of 3 s is attacked in one way, with the mark and without.
    """
    from stargate.voice import survival as under
    from stargate.voice.speakers import librivox_takes, spoken_in
    from stargate.voice.trial import trial

    home = where.open_home()
    marker, meter = home.marker, home.speech_meter
    if folder is not None:
        tell(trial(spoken_in(folder), marker, meter, log), as_json, texts.trial)
    elif unmarked:
        found = under.false_alarms(where.weights(), marker, meter, log)
        tell(found, as_json, texts.false_alarms)
    else:
        tell(under.survival(librivox_takes(), marker, log), as_json, texts.survival)
