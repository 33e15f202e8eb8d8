"""Engines whose weights the user brings: what each needs, from where, and what is missing.

Nothing of them is shipped and nothing is downloaded: the Python package is installed by the user,
the weights are read from a folder that an environment variable names, or a server is asked at an
address that one names. `brought` has the engines themselves.
"""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from stargate.voice.refusals import MissingError

SERVER_URL = "STARGATE_VOICE_SERVER_URL"
SERVER_KEY = "STARGATE_VOICE_SERVER_KEY"
SERVER_MODEL = "STARGATE_VOICE_SERVER_MODEL"
SERVER_VOICE = "STARGATE_VOICE_SERVER_VOICE"
SERVER_CONSENT = "STARGATE_VOICE_SERVER_CONSENT"
DEVICE = "STARGATE_VOICE_DEVICE"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Brought:
    """One engine: the package that runs it (none for a server), and the files of its weights.

    `version` is the one whose source the adapter was written against and checked with.
    """

    name: str
    says: str
    variable: str
    licence: str
    package: str = ""
    version: str = ""
    module: str = ""
    files: tuple[str, ...] = ()  # patterns, each of which must match in the folder


BROUGHT = (
    Brought(
        "pocket-tts",
        "copies in one pass; small enough for a CPU",
        "STARGATE_VOICE_POCKET_TTS",
        "CC-BY-4.0, as its makers state; check what you downloaded",
        "pocket-tts",
        "4.0.1",
        "pocket_tts",
        ("*.yaml", "*.safetensors"),
    ),
    Brought(
        "xtts",
        "copies in one pass, in 17 languages",
        "STARGATE_VOICE_XTTS",
        "Coqui Public Model License: no commercial use",
        "coqui-tts",
        "0.28.0",
        "TTS",
        ("config.json", "model.pth", "vocab.json"),
    ),
    Brought(
        "chatterbox",
        "copies in one pass; marks its clips with Perth itself",
        "STARGATE_VOICE_CHATTERBOX",
        "MIT",
        "chatterbox-tts",
        "0.1.7",
        "chatterbox",
        ("ve.safetensors", "t3_cfg.safetensors", "s3gen.safetensors", "tokenizer.json"),
    ),
    Brought(
        "f5-tts",
        "copies in one pass, from a sample and what is said in it",
        "STARGATE_VOICE_F5_TTS",
        "CC-BY-NC-4.0: no commercial use",
        "f5-tts",
        "1.1.22",
        "f5_tts",
        ("*.safetensors", "vocos/config.yaml", "vocos/pytorch_model.bin"),
    ),
    Brought(
        "server",
        "any server with OpenAI's audio API; text, and for a copy the sample, are sent to it",
        SERVER_URL,
        "the server's",
    ),
)


def find(name: str) -> Brought:
    """The engine of that name."""
    return next(engine for engine in BROUGHT if engine.name == name)


def lacks(engine: Brought) -> list[str]:
    """What the engine still needs, in words; empty if it is ready."""
    missing = []
    if engine.module and importlib.util.find_spec(engine.module) is None:
        missing.append(
            f"the Python package {engine.package} (pip install '{engine.package}'; "
            f"{engine.version} is what was checked)"
        )
    return missing + (_lacks_files(engine) if engine.files else _lacks_server(engine))


def require(name: str) -> str:
    """The path or address that the user gave; raise, naming everything missing, if not ready."""
    engine = find(name)
    if missing := lacks(engine):
        raise MissingError(f"{name} needs " + "; ".join(missing))
    return os.environ[engine.variable]


def device() -> str:
    """Where brought engines compute: $STARGATE_VOICE_DEVICE, or the CPU."""
    return os.environ.get(DEVICE, "cpu")


def _lacks_files(engine: Brought) -> list[str]:
    given = os.environ.get(engine.variable)
    if not given:
        wanted = ", ".join(engine.files)
        return [f"weights: set {engine.variable} to a folder that holds {wanted}"]
    absent = [pattern for pattern in engine.files if not any(Path(given).glob(pattern))]
    return [f"{', '.join(absent)} in {given} ({engine.variable})"] if absent else []


def _lacks_server(engine: Brought) -> list[str]:
    given = os.environ.get(engine.variable, "")
    address = urlsplit(given)
    if address.scheme == "https" or (address.scheme == "http" and address.hostname in LOOPBACK):
        return []
    reason = "plain http would show key and sample to the network" if given else "it is not set"
    return [f"an address: set {engine.variable} to https://HOST/v1 or this machine's ({reason})"]
