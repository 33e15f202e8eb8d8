"""Where a command of `stargate voice` works, and how it answers."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli.outputs import answer

if TYPE_CHECKING:
    from stargate.voice.assets import Assets
    from stargate.voice.engine import Sample
    from stargate.voice.home import Home
    from stargate.voice.keys import KeyRing

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Where:
    """The home, the weights and the tenant that a command was given; nothing is opened yet."""

    home: Path | None
    assets: Path | None
    tenant: str

    def directory(self) -> Path:
        """Where voices and keys are kept."""
        from stargate.voice.home import home_directory

        return self.home or home_directory()

    def weights(self) -> Assets:
        """Where the weights are kept."""
        from stargate.voice.assets import Assets

        return Assets(self.assets)

    def open_home(self) -> Home:
        """The home, open until the command ends."""
        from stargate.voice.home import Home

        home = Home(self.directory(), self.weights())
        click.get_current_context().call_on_close(home.close)
        return home

    def ring(self) -> KeyRing:
        """The keys for the service."""
        from stargate.voice.keys import KeyRing

        return KeyRing(self.directory() / "api-keys.json")


def sample_in(home: Home, tenant: str, asked: str, file: Path, transcript: str = "") -> Sample:
    """The recording in a file; that one cannot be read stands in the audit, as every refusal."""
    from stargate.voice.audio_files import read_file
    from stargate.voice.audited import audited
    from stargate.voice.engine import Sample

    with audited(home.audit, tenant, asked, file.name):
        return Sample(*read_file(file), transcript)


def tell(tree: object, as_json: bool, text: Callable[[dict[str, object]], str]) -> None:
    """One JSON object, or the same for people."""
    assert isinstance(tree, dict)
    answer(tree, as_json, "" if as_json else text(tree))


def progress(what: str, share: float) -> None:
    """One line that is written over, on a terminal alone."""
    if sys.stderr.isatty():
        click.echo(f"\r{share:4.0%} {what}\033[K", nl=share >= 1, err=True)
