"""How soon a listener hears something: `python benchmarks/first_sound.py [--assets DIR] [--json]`.

For each format a server is started anew and asked as soon as it says that it is ready. Told are
the processor time of the server and of the programs that it starts, and the time that passed,
from the request until what has arrived can be decoded to a tenth of a second of sound. Other work
on the machine adds to the second, not to the first. The whole clip's processor time is given as a
share of what it lasts. The voice is a recorded one that is filtered, as a tuned voice is.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from stargate.store.voices import Consent, Voice
from stargate.voice.assets import Assets
from stargate.voice.home import Home
from stargate.voice.keys import KeyRing
from stargate.voice.kokoro.engine import GENERIC, NAME, KokoroEngine
from stargate.voice.permit import PermitOffice
from stargate.voice.profile import VoiceProfile

FORMATS = ("mp3", "opus", "aac", "flac", "pcm")
TEXTS = (
    "The quick brown fox jumps over the lazy dog near the bank of the river.",
    "Good morning, and thank you all for coming to this meeting on such short notice.",
    "Whoever speaks at length and without any pause makes the listener wait for the end of it.",
    "Yes.",
    "On the 3rd of March 2024 it cost $2.50, which Dr. Smith thought was far too much.",
)
RATE_HZ, SAMPLE_BYTES = 24_000, 2
HEARD_S = 0.1
TICK_S = 1 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Server:
    """A server that is ready: its process, its port, and a key for it."""

    pid: int
    port: int
    key: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One request: until the first sound, and for the whole of it."""

    first_cpu_s: float
    first_wall_s: float
    cpu_per_audio: float


def main() -> None:
    """Measure every format and print a table, or one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--formats", default=",".join(FORMATS))
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    assets = Assets(given.assets)
    rows = {
        audio_format: measured(audio_format, assets) for audio_format in given.formats.split(",")
    }
    if given.json:
        told = {name: [asdict(heard) for heard in row] for name, row in rows.items()}
        print(json.dumps({"schema_version": 1, "formats": told}, indent=2))
        return
    print("processor time (time passed), s, until the first sound; processor time / duration")
    print(f"{'format':8}{'first request':>18}{'typical':>18}{'worst':>18}{'whole clip':>12}")
    for name, row in rows.items():
        print(f"{name:8}{row_text(row)}")


def row_text(row: list[Heard]) -> str:
    """The first request, the median and the worst of one format."""
    by_cpu = sorted(row, key=lambda heard: heard.first_cpu_s)
    shown = (row[0], by_cpu[len(by_cpu) // 2], by_cpu[-1])
    cells = [f"{heard.first_cpu_s:.2f} ({heard.first_wall_s:.2f})" for heard in shown]
    ratio = statistics.median(heard.cpu_per_audio for heard in row)
    return "".join(f"{cell:>18}" for cell in cells) + f"{ratio:12.2f}"


def measured(audio_format: str, assets: Assets) -> list[Heard]:
    """A server's first request and those after it."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder), assets) as server:
        return [ask(server, text, audio_format) for text in TEXTS]


@contextmanager
def serving(directory: Path, assets: Assets) -> Iterator[Server]:
    """A server with one voice, from when it says that it is ready."""
    key, port = furnish(directory, assets), free_port()
    where = ("--home", str(directory), "--assets", str(assets.directory))
    command = "from stargate.cli import main; main()"
    asked = ("serve", "--port", str(port), "--workers", "0")
    process = subprocess.Popen(
        [sys.executable, "-c", command, "voice", *where, *asked], stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    try:
        if "ready\n" not in process.stderr:  # read up to there, or to its end
            raise RuntimeError("the server ended before it was ready")
        yield Server(process.pid, port, key)
    finally:
        process.terminate()
        process.communicate()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def furnish(directory: Path, assets: Assets) -> str:
    """Put a recorded voice into a new home; a key for it."""
    home = Home(directory, assets)
    stock = KokoroEngine(assets, PermitOffice().redeem).stock(GENERIC[1])
    filtered = {**stock.arrays, "equaliser": stock.arrays["equaliser"].repeat(513) + 0.01}
    profile = VoiceProfile(NAME, "stock", filtered)
    now_s = time.time()
    agreed = ("en", "measuring", "none", "accepted", now_s, now_s + 3600.0)
    home.voices.add(Consent("cons_1", "local", "a recorded voice", *agreed))
    sealed = home.vault.seal(profile.to_bytes())
    home.voices.add(
        Voice("voice_1", "local", "stock", "cons_1", NAME, "stock", sealed, "{}", now_s)
    )
    home.close()
    return KeyRing(directory / "api-keys.json").issue("local", "owner")


def ask(server: Server, text: str, audio_format: str) -> Heard:
    """Ask for a text and note what had arrived when, at which cost."""
    body = json.dumps({"input": text, "voice": "stock", "response_format": audio_format})
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"}
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    cpu_before_s, started_s = processor_time_s(server.pid), time.perf_counter()
    connection.request("POST", "/v1/audio/speech", body, headers)
    response = connection.getresponse()
    assert response.status == 200, response.read()
    arrived: list[tuple[float, float, bytes]] = []
    while chunk := response.read1(2**16):
        now_s = time.perf_counter() - started_s
        arrived.append((processor_time_s(server.pid) - cpu_before_s, now_s, chunk))
    connection.close()
    first_cpu_s, first_wall_s = first_sound(arrived, audio_format)
    whole_s = duration_s(b"".join(chunk for *_, chunk in arrived), audio_format)
    return Heard(first_cpu_s, first_wall_s, arrived[-1][0] / whole_s)


def first_sound(
    arrived: list[tuple[float, float, bytes]], audio_format: str
) -> tuple[float, float]:
    """(processor time, time passed) when the first tenth of a second could be heard."""
    data = b""
    for cpu_s, wall_s, chunk in arrived:
        data += chunk
        if duration_s(data, audio_format) >= HEARD_S:
            return cpu_s, wall_s
    raise AssertionError(f"no sound in {len(data)} bytes of {audio_format}")


def duration_s(data: bytes, audio_format: str) -> float:
    """How much sound a decoder finds in the beginning of a file."""
    raw = ("-f", "s16le", "-ac", "1", "-ar", str(RATE_HZ))
    before = raw if audio_format == "pcm" else ()
    command = ["ffmpeg", "-v", "quiet", *before, "-i", "pipe:0", *raw, "pipe:1"]
    decoded = subprocess.run(command, input=data, capture_output=True, check=False).stdout
    return len(decoded) / SAMPLE_BYTES / RATE_HZ


def processor_time_s(pid: int) -> float:
    """What a process and all that it started have used, those included that have ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        children = Path(f"/proc/{pid}/task").glob("*/children")
        started = [int(child) for file in children for child in file.read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(map(int, fields[11:15])) * TICK_S + sum(map(processor_time_s, started))


if __name__ == "__main__":
    main()
