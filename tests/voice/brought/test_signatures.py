"""The stand-ins take calls as the real libraries do: their signatures, read from their sources.

`signatures.json` was written from the wheels of the versions that it names. Where a library is
installed its source is read again (nothing in it is run) and must say the same. To write the file
anew: PYTHONPATH=FOLDER_OF_UNPACKED_WHEELS python tests/voice/brought/test_signatures.py
"""

from __future__ import annotations

import ast
import importlib.util
import json
from pathlib import Path

import pytest

RECORD = Path(__file__).with_name("signatures.json")
CALLS = (
    "pocket_tts.models.tts_model:TTSModel.load_model",
    "pocket_tts.models.tts_model:TTSModel.get_state_for_audio_prompt",
    "pocket_tts.models.tts_model:TTSModel.generate_audio_stream",
    "pocket_tts.models.model_state:export_model_state",
    "TTS.tts.models.xtts:Xtts.load_checkpoint",
    "TTS.tts.models.xtts:Xtts.get_conditioning_latents",
    "TTS.tts.models.xtts:Xtts.inference",
    "TTS.model:BaseTrainerModel.init_from_config",
    "chatterbox.tts:ChatterboxTTS.from_local",
    "chatterbox.tts:ChatterboxTTS.prepare_conditionals",
    "chatterbox.tts:ChatterboxTTS.generate",
    "chatterbox.tts:Conditionals.save",
    "chatterbox.tts:Conditionals.load",
    "chatterbox.tts:Conditionals.to",
    "f5_tts.api:F5TTS.__init__",
    "f5_tts.infer.utils_infer:infer_process",
)


def source(module: str) -> Path | None:
    """The file of a module of an installed library, found without importing the library."""
    top, _, rest = module.partition(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]) / (rest.replace(".", "/") + ".py")


def parameters(call: str) -> list[str]:
    """The names of the parameters in order; one with a default ends in `=`, packs in stars."""
    module, _, path = call.partition(":")
    file = source(module)
    assert file is not None
    node: ast.AST = ast.parse(file.read_text("utf-8"))
    for name in path.split("."):
        node = next(n for n in ast.iter_child_nodes(node) if getattr(n, "name", "") == name)
    assert isinstance(node, ast.FunctionDef)
    given, n_plain = node.args, len(node.args.args) - len(node.args.defaults)
    names = [a.arg + "=" * (i >= n_plain) for i, a in enumerate(given.args)]
    names += [f"*{given.vararg.arg}"] if given.vararg else []
    names += [
        a.arg + "=" * (d is not None)
        for a, d in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]
    return names + ([f"**{given.kwarg.arg}"] if given.kwarg else [])


@pytest.mark.parametrize("call", CALLS)
def test_an_installed_library_still_takes_calls_as_recorded(call: str) -> None:
    if source(call.partition(":")[0].partition(".")[0]) is None:
        pytest.skip(f"{call.partition('.')[0]} is not installed")
    assert parameters(call) == json.loads(RECORD.read_text())["calls"][call]


def test_every_call_is_recorded() -> None:
    assert set(json.loads(RECORD.read_text())["calls"]) == set(CALLS)


if __name__ == "__main__":
    from stargate.voice.weights import BROUGHT

    versions = {engine.package: engine.version for engine in BROUGHT if engine.package}
    document = {"versions": versions, "calls": {call: parameters(call) for call in CALLS}}
    RECORD.write_text(json.dumps(document, indent=1) + "\n")
