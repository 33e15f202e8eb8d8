"""Stand-ins for the libraries of other makers, and a server: calls are taken as theirs are.

Each hums at the pitch of the sample that it was given, a length by the text, and prints to
standard output, as those libraries do.
"""

from __future__ import annotations

import functools
import importlib.util
import inspect
import json
import sys
import threading
import wave
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from stargate.voice.weights import BROUGHT, SERVER_KEY, SERVER_URL

RECORDED = json.loads(Path(__file__).with_name("signatures.json").read_text())["calls"]
KIND = inspect.Parameter.POSITIONAL_OR_KEYWORD
PACKED = {"**": inspect.Parameter.VAR_KEYWORD, "*": inspect.Parameter.VAR_POSITIONAL}


def taken_as(call: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Refuse a call that the real function would refuse; hand the arguments on by name."""
    signature = inspect.Signature([_parameter(name) for name in RECORDED[call]])

    def wrap(function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            print("chatter on standard output")  # noqa: T201
            return function(**signature.bind(*args, **kwargs).arguments)

        return checked

    return wrap


def _parameter(name: str) -> inspect.Parameter:
    for stars, kind in PACKED.items():
        if name.startswith(stars):
            return inspect.Parameter(name.lstrip("*"), kind)
    default = None if name.endswith("=") else inspect.Parameter.empty
    return inspect.Parameter(name.rstrip("="), KIND, default=default)


def pitch_of(file: object) -> float:
    """The strongest frequency of a WAV file: enough to tell whose hum it is."""
    with wave.open(str(file)) as read:
        sound = np.frombuffer(read.readframes(read.getnframes()), "<i2").astype(float)
        spectrum = np.abs(np.fft.rfft(sound))
        return float(np.argmax(spectrum)) * read.getframerate() / len(sound)


def hum(text: str, pitch_hz: float, rate_hz: int = 24_000, speed: float = 1.0) -> np.ndarray:
    time = np.arange(int(len(text) * 0.06 / speed * rate_hz)) / rate_hz
    rng = np.random.default_rng(0)
    tone = sum(np.sin(2 * np.pi * pitch_hz * k * time) / k for k in range(1, 8))
    return (0.1 * tone + 0.01 * rng.standard_normal(len(time))).astype(np.float32)


class PocketModel:
    sample_rate = 24_000

    @classmethod
    @taken_as("pocket_tts.models.tts_model:TTSModel.load_model")
    def load_model(cls, config: Path) -> PocketModel:
        assert config.suffix == ".yaml"
        return cls()

    @taken_as("pocket_tts.models.tts_model:TTSModel.get_state_for_audio_prompt")
    def get_state_for_audio_prompt(self, audio_conditioning: Path) -> dict[str, float]:
        assert isinstance(audio_conditioning, Path)  # a str would be taken for an address
        if audio_conditioning.suffix == ".safetensors":
            return json.loads(audio_conditioning.read_text())
        return {"pitch_hz": pitch_of(audio_conditioning)}

    @taken_as("pocket_tts.models.tts_model:TTSModel.generate_audio_stream")
    def generate_audio_stream(
        self, model_state: dict[str, float], text_to_generate: str
    ) -> Iterator[np.ndarray]:
        sound = hum(text_to_generate, model_state["pitch_hz"])
        yield from np.array_split(sound, max(1, len(sound) // 1920))


@taken_as("pocket_tts.models.model_state:export_model_state")
def export_model_state(model_state: dict[str, float], dest: Path) -> None:
    dest.write_text(json.dumps(model_state))


class XttsConfig:
    def load_json(self, file_name: str) -> None:
        assert Path(file_name).name == "config.json"


class Xtts:
    @classmethod
    @taken_as("TTS.model:BaseTrainerModel.init_from_config")
    def init_from_config(cls, config: XttsConfig) -> Xtts:
        assert isinstance(config, XttsConfig)
        return cls()

    @taken_as("TTS.tts.models.xtts:Xtts.load_checkpoint")
    def load_checkpoint(self, config: XttsConfig, checkpoint_dir: str, eval: bool) -> None:  # noqa: A002
        assert isinstance(config, XttsConfig)
        assert Path(checkpoint_dir, "model.pth").is_file()
        assert eval

    def to(self, device: str) -> Xtts:
        assert device == "cpu"
        return self

    @taken_as("TTS.tts.models.xtts:Xtts.get_conditioning_latents")
    def get_conditioning_latents(self, audio_path: str, **lengths: int) -> tuple[Any, Any]:
        assert set(lengths) == {"max_ref_length", "gpt_cond_len", "gpt_cond_chunk_len"}
        return np.zeros((1, 32, 1024), np.float32), np.full((1, 512, 1), pitch_of(audio_path))

    @taken_as("TTS.tts.models.xtts:Xtts.inference")
    def inference(
        self, text: str, language: str, gpt_cond_latent: Any, speaker_embedding: Any, speed: float
    ) -> dict[str, np.ndarray]:
        assert language == "en"
        assert tuple(gpt_cond_latent.shape) == (1, 32, 1024)
        pitch_hz = float(np.asarray(speaker_embedding).flat[0])
        return {"wav": hum(text, pitch_hz, speed=speed)}


class Conditionals:
    def __init__(self, pitch_hz: float) -> None:
        self.pitch_hz = pitch_hz

    @taken_as("chatterbox.tts:Conditionals.save")
    def save(self, fpath: Path) -> None:
        fpath.write_text(str(self.pitch_hz))

    @classmethod
    @taken_as("chatterbox.tts:Conditionals.load")
    def load(cls, fpath: Path, map_location: str) -> Conditionals:
        assert map_location == "cpu"
        return cls(float(fpath.read_text()))

    @taken_as("chatterbox.tts:Conditionals.to")
    def to(self, device: str) -> Conditionals:
        assert device == "cpu"
        return self


class ChatterboxTTS:
    sr = 24_000
    conds: Conditionals

    @classmethod
    @taken_as("chatterbox.tts:ChatterboxTTS.from_local")
    def from_local(cls, ckpt_dir: str, device: str) -> ChatterboxTTS:
        assert Path(ckpt_dir, "ve.safetensors").is_file()
        assert device == "cpu"
        return cls()

    @taken_as("chatterbox.tts:ChatterboxTTS.prepare_conditionals")
    def prepare_conditionals(self, wav_fpath: str) -> None:
        self.conds = Conditionals(pitch_of(wav_fpath))

    @taken_as("chatterbox.tts:ChatterboxTTS.generate")
    def generate(self, text: str) -> np.ndarray:
        return hum(text, self.conds.pitch_hz)[None]


class F5TTS:
    ema_model, vocoder, mel_spec_type = object(), object(), "vocos"

    @taken_as("f5_tts.api:F5TTS.__init__")
    def __init__(self, **given: str) -> None:
        assert given["ckpt_file"].endswith(".safetensors")
        assert Path(given["vocoder_local_path"], "config.yaml").is_file()


@taken_as("f5_tts.infer.utils_infer:infer_process")
def infer_process(
    ref_audio: str, ref_text: str, gen_text: str, speed: float, device: str, **model: object
) -> tuple[np.ndarray, int, None]:
    assert set(model) == {"model_obj", "vocoder", "mel_spec_type", "progress"}
    assert device == "cpu"
    assert ref_text == "said in the sample. "
    return hum(gen_text, pitch_of(ref_audio), speed=speed), 24_000, None


MODULES: dict[str, dict[str, object]] = {
    "pocket_tts": {"TTSModel": PocketModel, "export_model_state": export_model_state},
    "TTS.tts.configs.xtts_config": {"XttsConfig": XttsConfig},
    "TTS.tts.models.xtts": {"Xtts": Xtts},
    "chatterbox.tts": {"ChatterboxTTS": ChatterboxTTS, "Conditionals": Conditionals},
    "f5_tts.api": {"F5TTS": F5TTS},
    "f5_tts.infer.utils_infer": {"infer_process": infer_process},
}


@pytest.fixture
def libraries(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """All libraries installed, as far as can be told, with the files of their weights."""
    for name, contents in MODULES.items():
        parts = name.split(".")
        for i in range(1, len(parts) + 1):
            _install(monkeypatch, ".".join(parts[:i]))
        vars(sys.modules[name]).update(contents)
    if importlib.util.find_spec("torch") is None:
        _install(monkeypatch, "torch")
        # SciPy asks whether an array is a torch.Tensor once torch is among the modules
        vars(sys.modules["torch"]).update(from_numpy=np.asarray, Tensor=type("Tensor", (), {}))
    for engine in BROUGHT:
        for pattern in engine.files:
            file = tmp_path / engine.name / pattern.replace("*", "weights")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
            monkeypatch.setenv(engine.variable, str(tmp_path / engine.name))


def _install(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    if name not in sys.modules:
        module = ModuleType(name)
        module.__spec__ = ModuleSpec(name, None)
        monkeypatch.setitem(sys.modules, name, module)


class Answers(BaseHTTPRequestHandler):
    """The two endpoints, and nothing that is not asked as the API says."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, dict(self.headers), body))  # type: ignore[attr-defined]
        if self.headers["Authorization"] != "Bearer secret-key":
            self._answer(401, b'{"error": "no such key"}')
        elif self.path == "/v1/audio/voices":
            assert b'name="audio_sample"; filename="sample.wav"' in body
            assert b"RIFF" in body
            self._answer(200, b'{"id": "voice_there", "object": "audio.voice"}')
        elif self.path == "/v1/audio/speech":
            asked = json.loads(body)
            assert asked["response_format"] == "pcm"
            sound = hum(asked["input"], 110.0, speed=asked["speed"])
            self._answer(200, (sound * 32767).astype("<i2").tobytes())
        else:
            self._answer(302, b"", Location="http://127.0.0.1:9/elsewhere")

    def do_DELETE(self) -> None:
        self.server.asked.append((self.path, dict(self.headers), b""))  # type: ignore[attr-defined]
        self._answer(self.server.deletes, b"{}")  # type: ignore[attr-defined]

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing on standard error."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A server on this machine; `asked` is what it was asked, `deletes` how it answers DELETE."""
    served = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    served.asked = []  # type: ignore[attr-defined]
    served.deletes = 200  # type: ignore[attr-defined]
    thread = threading.Thread(target=served.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    monkeypatch.setenv(SERVER_URL, f"http://127.0.0.1:{served.server_port}/v1")
    monkeypatch.setenv(SERVER_KEY, "secret-key")
    yield served
    served.shutdown()
    served.server_close()
    thread.join()
