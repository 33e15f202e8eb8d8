"""`stargate voice consent|enroll|voices|revoke|forbid|audit`: whose voices, by which leave."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click

from stargate.cli import voice_text as texts
from stargate.cli.outputs import json_option
from stargate.cli.voice_place import EXISTING, Where, progress, sample_in, tell


@click.command()
@click.argument("words", nargs=-1)
@click.option("--answer", metavar="ID", help="Check a spoken phrase: give its id and the file.")
@json_option
@click.pass_obj
def consent(where: Where, words: tuple[str, ...], answer: str | None, as_json: bool) -> None:
    """Ask for a consent (SPEAKER PURPOSE), check one (--answer ID FILE), or list them all."""
    from dataclasses import asdict

    def shown(found: object) -> dict[str, object]:
        hidden = ("sealed_embeddings", "recording_sha256")
        return {k: v for k, v in asdict(found).items() if k not in hidden}  # pyrefly: ignore

    home, tenant = where.open_home(), where.tenant
    if answer is not None and len(words) == 1:
        said = sample_in(home, tenant, "consent_given", Path(words[0]))
        accepted = home.gate.give_consent(tenant, answer, said)
        tell({"consent": shown(accepted)}, as_json, lambda _: f"{accepted.id} is accepted")
    elif answer is None and len(words) == 2:
        asked = home.gate.ask_consent(tenant, *words)
        text = (
            f"{asked.id}\nSay within ten minutes, and record it:\n\n  {asked.phrase}\n\n"
            f"Then: stargate voice consent --answer {asked.id} FILE"
        )
        tell({"consent": shown(asked)}, as_json, lambda _: text)
    elif answer is None and not words:
        found = [shown(each) for each in home.voices.consents(tenant)]
        rows = texts.lines(found, "id", "state", "speaker", "purpose")
        tell({"consents": found}, as_json, lambda _: rows)
    else:
        raise click.UsageError("give SPEAKER PURPOSE, or --answer ID FILE, or nothing")


@click.command()
@click.argument("name")
@click.argument("consent_id")
@click.argument("sample", type=EXISTING)
@click.option("--engine", default="kokoro-tuned", show_default=True, help="How it is learnt.")
@click.option("--transcript", default="", help="What is said in the sample, for engines that ask.")
@json_option
@click.pass_obj
def enroll(
    where: Where,
    name: str,
    consent_id: str,
    sample: Path,
    engine: str,
    transcript: str,
    as_json: bool,
) -> None:
    """Learn a voice from about 15 s of speech; it takes minutes, once."""
    home, tenant = where.open_home(), where.tenant
    said = sample_in(home, tenant, "voice_enrolled", sample, transcript)
    voice = home.gate.enroll(tenant, name, consent_id, said, engine, progress)
    report = json.loads(voice.report)
    shown = {"id": voice.id, "name": voice.name, "level": voice.level, "report": report}
    quality = report.get("quality", {}).get("in_words", "quality not measured")
    tell({"voice": shown}, as_json, lambda _: f"{voice.id} ({voice.level}): {quality}")


@click.command()
@json_option
@click.pass_obj
def voices(where: Where, as_json: bool) -> None:
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
        for voice in where.open_home().voices.voices(where.tenant)
    ]
    tell({"voices": found}, as_json, lambda _: texts.lines(found, "id", "name", "level"))


@click.command()
@click.argument("consent_id")
@json_option
@click.pass_obj
def revoke(where: Where, consent_id: str, as_json: bool) -> None:
    """Withdraw a consent and delete every voice that rests on it."""
    deleted = where.open_home().gate.revoke(where.tenant, consent_id)
    text = f"{consent_id} is revoked; deleted: {', '.join(deleted) or 'no voice'}"
    tell({"revoked": consent_id, "deleted": deleted}, as_json, lambda _: text)


@click.command()
@click.argument("label")
@click.argument("sample", type=EXISTING)
@json_option
@click.pass_obj
def forbid(where: Where, label: str, sample: Path, as_json: bool) -> None:
    """Put a voice on the list of those that must not be made."""
    home = where.open_home()
    said = sample_in(home, where.tenant, "voice_forbidden", sample)
    entry = home.gate.forbid(label, said)
    tell({"forbidden": entry}, as_json, lambda _: f"{entry}: {label} will be refused")


@click.command()
@click.option("--verify", is_flag=True, help="Check the chain instead of printing it.")
@json_option
@click.pass_context
def audit(context: click.Context, verify: bool, as_json: bool) -> None:
    """Print everything that was done and refused, or check that none of it was edited."""
    from dataclasses import asdict

    log = context.obj.open_home().audit
    if verify:
        faults = log.verify()
        text = "\n".join(faults) or "every entry is as it was written"
        tell({"ok": not faults, "faults": faults}, as_json, lambda _: text)
        context.exit(1 if faults else 0)
    entries = [asdict(entry) for entry in log.entries()]
    tell(
        {"entries": entries},
        as_json,
        lambda _: texts.lines(entries, "sequence", "event", "tenant", "subject", "detail"),
    )
