"""`stargate voice speak|detect`: make a clip, and tell one from a real recording."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli import voice_text as texts
from stargate.cli.outputs import json_option
from stargate.cli.voice_place import EXISTING, Where, tell

if TYPE_CHECKING:
    from stargate.voice.home import Home


@click.command()
@click.argument("voice")
@click.argument("text", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Write the clip here.",
)
@click.option("--language", default="en-US", show_default=True, help="Of the text.")
@click.option(
    "--speed",
    type=click.FloatRange(0.25, 4.0),
    default=1.0,
    show_default=True,
    help="1 is the voice's own.",
)
@json_option
@click.pass_obj
def speak(
    where: Where,
    voice: str,
    text: str | None,
    output: Path,
    language: str,
    speed: float,
    as_json: bool,
) -> None:
    """Say TEXT (or standard input) and write a marked clip, with its manifest beside it."""
    from stargate.voice.audio_files import FORMATS, require_encoder
    from stargate.voice.engine import Utterance

    kind = output.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise click.UsageError(f"the output must end in one of {', '.join(FORMATS)}")
    if not output.parent.is_dir():
        raise click.UsageError(f"there is no folder {output.parent}")
    require_encoder(kind)
    words = text if text is not None else sys.stdin.read()
    home = where.open_home()
    speech = home.gate.speak(where.tenant, voice, Utterance(words, language, speed))
    output.write_bytes(home.file(speech, kind))
    manifest = output.with_name(output.name + ".manifest.json")
    manifest.write_text(speech.manifest + "\n", "utf-8")
    duration_s = len(speech.signal) / speech.rate_hz
    shown = {"clip": speech.id, "duration_s": duration_s, "manifest": str(manifest)}
    tell(shown, as_json, lambda _: f"{speech.id}: {duration_s:.1f} s in {output}")


@click.command()
@click.argument("file", type=EXISTING)
@click.option("--manifest", type=EXISTING, help="The manifest that came with the file.")
@json_option
@click.pass_context
def detect(context: click.Context, file: Path, manifest: Path | None, as_json: bool) -> None:
    """Look for signs that a recording was made here; exit code 0 if so, 1 if nothing is found."""
    from dataclasses import asdict

    from stargate.voice.audited import audited

    beside = file.with_name(file.name + ".manifest.json")
    given = manifest or (beside if beside.exists() else None)
    text = given.read_text("utf-8") if given else None
    home: Home = context.obj.open_home()
    with audited(home.audit, context.obj.tenant, "detected", file.name):
        finding = home.detect(file.read_bytes(), text)
    tell(asdict(finding), as_json, lambda _: texts.finding(finding))
    context.exit(0 if finding.synthetic else 1)
