"""`stargate voice`: set up, consent, enrol, speak, detect, and look after what was made."""

from __future__ import annotations

from pathlib import Path

import click

from stargate.cli.voice_capacity import capacity
from stargate.cli.voice_custody import audit, consent, enroll, forbid, revoke, voices
from stargate.cli.voice_measures import evaluate, survival
from stargate.cli.voice_place import Where
from stargate.cli.voice_service import key, serve, work
from stargate.cli.voice_setup import setup
from stargate.cli.voice_speech import detect, speak

LOCAL = "local"  # the tenant of a person's own machine
CUSTODY = (consent, enroll, voices, revoke, forbid, audit)
COMMANDS = (setup, *CUSTODY, speak, detect, evaluate, survival, key, serve, work, capacity)


@click.group("voice")
@click.option("--home", type=click.Path(path_type=Path), help="Where voices and keys are kept.")
@click.option("--assets", type=click.Path(path_type=Path), help="Where the weights are kept.")
@click.option("--tenant", default=LOCAL, show_default=True, help="On whose behalf.")
@click.pass_context
def command(context: click.Context, home: Path | None, assets: Path | None, tenant: str) -> None:
    """Speak in a person's voice, with their consent, in clips that can be told from real ones.

    \b
    stargate voice setup                       gather the weights, say what is missing
    stargate voice consent "Ada" reading       a phrase for Ada to say aloud
    stargate voice consent --answer ID a.wav   check what she said
    stargate voice enroll ada ID sample.wav    learn her voice
    stargate voice speak ada "Hello." -o hello.wav
    stargate voice detect hello.wav            was this made here?
    """
    context.obj = Where(home, assets, tenant)


for each in COMMANDS:
    command.add_command(each)
