"""`voice setup --fetch` against package indexes on this machine: broken off, resumed, tampered.

The real pip and npm ask them, in the shapes of PEP 503 and of npm's registry.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from stargate.cli.voice import command
from stargate.voice import assets as module
from stargate.voice import fetching
from stargate.voice.assets import Asset, Assets, Part
from stargate.voice.fetching import FOLDER, fetch_missing
from stargate.voice.refusals import MissingError

pytestmark = pytest.mark.skipif(shutil.which("npm") is None, reason="npm is not installed")
WHEEL = Part("pip", "first-half", "1.0", ("first/half.bin",))
TARBALL = Part("npm", "second-half", "2.1.0", ("package/half.bin",))
WHEEL_NAME, TARBALL_NAME = "first_half-1.0-py3-none-any.whl", "second-half-2.1.0.tgz"
CONTENT = b"one" * 9_000 + b"two"


def wheel(content: bytes) -> bytes:
    buffer, info = io.BytesIO(), "first_half-1.0.dist-info"
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("first/half.bin", content)
        file.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: first-half\nVersion: 1.0\n")
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return buffer.getvalue()


def tarball(content: bytes) -> bytes:
    buffer = io.BytesIO()
    package = json.dumps({"name": "second-half", "version": "2.1.0"}).encode()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name, data in (("package/package.json", package), ("package/half.bin", content)):
            info = tarfile.TarInfo(name)
            info.size = len(data)
            file.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


@dataclass
class Index:
    """Packages that both clients can ask for; `cut` are broken off in their middle."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def page(self, path: str) -> bytes | None:
        if path == "/simple/first-half/":
            return f'<a href="/files/{WHEEL_NAME}">{WHEEL_NAME}</a>'.encode()
        if path == "/second-half":
            data = self.files[TARBALL_NAME]
            dist = {
                "tarball": f"{self.url}/files/{TARBALL_NAME}",
                "shasum": hashlib.sha1(data, usedforsecurity=False).hexdigest(),
            }
            version = {"name": "second-half", "version": "2.1.0", "dist": dist}
            tags = {"latest": "2.1.0"}
            told = {"name": "second-half", "dist-tags": tags, "versions": {"2.1.0": version}}
            return json.dumps(told).encode()
        return None


def handler(index: Index) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            name = self.path.rpartition("/")[2]
            if self.path.startswith("/files/"):
                index.asked.append(name)
            data = index.files.get(name) or index.page(self.path)
            self.send_response(200 if data else 404)
            kind = "application/json" if self.path == "/second-half" else "text/html"
            self.send_header("Content-Type", kind if "/files/" not in self.path else "x/y")
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            sent = data or b""
            self.wfile.write(sent[: len(sent) // 2] if name in index.cut else sent)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Index]:
    index = Index()
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(index))
    index.url = f"http://127.0.0.1:{server.server_port}"
    index.files = {WHEEL_NAME: wheel(CONTENT[:-3]), TARBALL_NAME: tarball(CONTENT[-3:])}
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    settings = {
        "PIP_INDEX_URL": f"{index.url}/simple",
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_CACHE_DIR": "1",
        "PIP_RETRIES": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "npm_config_registry": index.url,
        "npm_config_cache": str(tmp_path / "npm"),
        "npm_config_userconfig": "/dev/null",
        "npm_config_fetch_retries": "0",
        "npm_config_update_notifier": "false",
        "no_proxy": "127.0.0.1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    yield index
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def assets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Assets:
    """A directory for one asset that comes from both."""
    digest = hashlib.sha256(CONTENT).hexdigest()
    asset = Asset("joined", "joined.bin", "a test", "MIT", len(CONTENT), digest, (WHEEL, TARBALL))
    for place in (module, fetching):
        monkeypatch.setattr(place, "pinned", lambda: {"joined": asset})
    return Assets(tmp_path / "assets")


def quiet(_line: str) -> None:
    pass


def test_what_is_missing_is_fetched_joined_checked_and_nothing_else_is_left(
    index: Index, assets: Assets
) -> None:
    lines: list[str] = []
    fetch_missing(assets, lines.append)
    assert assets.path("joined").read_bytes() == CONTENT
    assert lines[:2] == ["pip: first-half 1.0", "npm: second-half 2.1.0"]
    assert not (assets.directory / FOLDER).exists()
    n_asked = len(index.asked)
    fetch_missing(assets, lines.append)
    assert len(index.asked) == n_asked


@pytest.mark.parametrize("name", [WHEEL_NAME, TARBALL_NAME])
def test_one_that_is_broken_off_is_named_and_the_next_try_gets_the_rest_alone(
    index: Index, assets: Assets, name: str
) -> None:
    index.cut = {name}
    package = "first-half" if name == WHEEL_NAME else "second-half"
    with pytest.raises(MissingError, match=f"could not get {package}"):
        fetch_missing(assets, quiet)
    assert not assets.holds("joined")
    whole = {path.name for path in (assets.directory / FOLDER).iterdir()}
    assert name not in whole
    index.cut.clear()
    index.asked.clear()
    fetch_missing(assets, quiet)
    assert assets.path("joined").read_bytes() == CONTENT
    assert name in index.asked
    assert not whole & set(index.asked)


def test_what_is_not_as_pinned_is_refused_deleted_and_fetched_anew(
    index: Index, assets: Assets
) -> None:
    good, index.files[TARBALL_NAME] = index.files[TARBALL_NAME], tarball(b"TWO")
    with pytest.raises(MissingError, match="not what was pinned"):
        fetch_missing(assets, quiet)
    assert [path for path in assets.directory.rglob("*") if path.is_file()] == []
    index.files[TARBALL_NAME] = good
    fetch_missing(assets, quiet)
    assert assets.holds("joined")


def test_a_package_that_no_index_has_is_named(index: Index, assets: Assets) -> None:
    index.files.pop(WHEEL_NAME)
    with pytest.raises(MissingError, match="pip could not get first-half"):
        fetch_missing(assets, quiet)


def test_half_a_download_that_lies_around_is_no_archive(assets: Assets, tmp_path: Path) -> None:
    for name, data in ((WHEEL_NAME, wheel(CONTENT)), (TARBALL_NAME, tarball(CONTENT))):
        half = tmp_path / name
        half.write_bytes(data[: len(data) // 2])
        with pytest.raises(MissingError, match="no whole archive"):
            assets.gather([half])
        half.unlink()


def test_the_command_says_what_it_fetches_and_fails_with_one_line(
    index: Index, assets: Assets
) -> None:
    index.cut = {WHEEL_NAME}
    result = CliRunner().invoke(
        command, ["--assets", str(assets.directory), "setup", "--fetch", "--json"]
    )
    assert isinstance(result.exception, MissingError)
    assert "first-half 1.0" in str(result.exception)
    assert result.stdout == ""
