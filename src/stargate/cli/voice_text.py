"""What the commands of `stargate voice` say to people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stargate.voice.detection import Finding, Trace


def finding(found: Finding) -> str:
    """The verdict, the signs it rests on, and what cannot be seen."""
    signs = [
        _verdict(found),
        f"watermark: {_judged(found)}",
        f"manifest: {found.manifest.state if found.manifest else 'none'}",
        f"content credential: {found.content_credential or 'none'}",
        f"clip: {_traced(found.trace)}",
    ]
    return "\n".join([*signs, *found.limits])


def _verdict(found: Finding) -> str:
    if found.trace or (found.manifest and found.manifest.state == "valid"):
        return "made here"
    if found.synthetic:
        return "probably made here: the watermark was found, and nothing else that vouches for it"
    return "nothing found" if found.probability is not None else "no speech to judge"


def _judged(found: Finding) -> str:
    """What the score of the watermark tells, which is nothing where no one speaks."""
    if found.probability is None:
        return f"not judged; without speech its score of {found.score:.2f} tells nothing"
    return f"score {found.score:.2f}, probability {found.probability:.3f}"


def _traced(trace: Trace | None) -> str:
    """Which clip it is, and how that is known."""
    if trace is None:
        return "none that left here matches"
    how = (
        f"by its fingerprint ({trace.bit_error_rate:.0%} of bits differ)"
        if trace.payload_chance is None
        else f"by its payload (by chance: {trace.payload_chance:.0e})"
    )
    when = datetime.fromtimestamp(trace.created_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return (
        f"{trace.clip_id}, {how}\n"
        f"made: {when}, for tenant {trace.tenant}, in the voice {trace.voice_id}"
    )


def lines(rows: Sequence[Mapping[str, object]], *columns: str) -> str:
    """Some columns of rows, a row a line; that there are none is said."""
    told = ["  ".join(str(row[column]) for column in columns) for row in rows]
    return "\n".join(told or ["none"])


def setup(report: dict[str, object]) -> str:
    """What is there and what is missing, by group."""
    lines = [f"{report['directory']}: level {report['level']}"]
    for group in ("levels", "safeguards", "measures", "engines"):
        entries = report[group]
        assert isinstance(entries, list)
        for entry in entries:
            state = "missing" if entry["missing"] else "ready"
            lines.append(f"  {state:8}{entry['name']}: {entry['says']}")
            lines += [f"            {line}" for line in entry["missing"]]
    return "\n".join(lines)


def survival(table: dict[str, object]) -> str:
    """Scores of the watermark and readings of the payload, by attack."""
    rows, n_takes = table["attacks"], table["n_takes"]
    assert isinstance(rows, list)
    lines = [
        f"{'attack':24}{'marked: mean':>14}{'least':>8}{'unmarked: most':>16}{'payload read':>14}"
    ]
    lines += [
        f"{row['attack']:24}{row['marked_mean']:14.2f}{row['marked_least']:8.2f}"
        f"{row['unmarked_most']:16.2f}{row['payload_read']:9} of {n_takes}"
        for row in rows
    ]
    return "\n".join([*lines, f"payload: which of {table['n_clips']} clips a take is, by the key"])


def false_alarms(table: dict[str, object]) -> str:
    """Counts of alarms by source, speech apart from what is not."""
    rows, others = table["sources"], table["not_speech"]
    assert isinstance(rows, list)
    assert isinstance(others, list)
    lines = [f"{'speech without a mark':32}{_COUNTS}", *map(_counted_text, [*rows, table])]
    lines += ["", f"{'no speech (apart)':32}{_COUNTS}", *map(_counted_text, others)]
    return "\n".join(
        [
            *lines,
            "judged: windows in which speech was found; no other is ever called marked",
            "at most: the rate of alarms among these that the count does not rule out, at 95 %",
        ]
    )


_COUNTS = "".join(
    f"{column:>9}" for column in ("windows", "judged", "alarms", "at most", "highest")
)


def trial(table: dict[str, object]) -> str:
    """False alarms, survival by attack, and whether stated chances hold."""
    unmarked, attacks, chances = table["unmarked"], table["attacks"], table["reliability"]
    assert isinstance(unmarked, list)
    assert isinstance(attacks, list)
    assert isinstance(chances, list)
    return "\n".join(
        [
            f"{table['n_speakers']} speakers; alarms at most: Clopper and Pearson, one-sided, 95 %",
            "",
            f"{'speech without a mark':32}{_COUNTS}",
            *map(_counted_text, [*unmarked, table]),
            "",
            f"{'speech with the mark':32}{'windows':>9}{'found':>9}{'mean':>9}{'least':>9}",
            *(
                f"{row['attack']:32}{row['n_marked']:9}{row['n_found']:9}"
                f"{row['marked_mean']:9.2f}{row['marked_least']:9.2f}"
                for row in attacks
                if row["n_marked"]
            ),
            "",
            f"{'chance stated':16}{'mean':>8}{'unmarked':>10}{'marked':>8}{'share marked':>14}",
            *map(_reliability_text, chances),
        ]
    )


def _reliability_text(row: Mapping[str, object]) -> str:
    """A row of chances: what was said, and what held, marked and unmarked alike likely."""
    share, said = (
        "-" if row[name] is None else f"{row[name]:.3f}" for name in ("share_marked", "said")
    )
    within = f"{row['at_least']:.2f} to {row['below']:.2f}"
    return f"{within:16}{said:>8}{row['n_unmarked']:10}{row['n_marked']:8}{share:>14}"


def _counted_text(row: Mapping[str, object]) -> str:
    at_most = f"{row['rate_at_most']:.2%}" if row["n_judged"] else "-"
    counts = "".join(f"{row[name]:9}" for name in ("n_windows", "n_judged", "n_alarms"))
    return f"{row['source']:32}{counts}{at_most:>9}{row['highest']:9.2f}"


def evaluation(table: dict[str, object]) -> str:
    """How near copies come, and what they cost."""
    mean = table["mean"]
    assert isinstance(mean, dict)
    lines = ["cosine of the judge to held-out speech, mean of all speakers:"]
    lines += [f"  {name:10}{value:7.3f}" for name, value in mean.items()]
    lines += [
        f"word errors {table['wer']:.1%}, opinion {table['dnsmos']:.2f}, "
        f"real-time factor {table['rtf']:.2f}",
        f"enrolment {table['enrol_cpu_s']:.0f} CPU-s, "
        f"{int(str(table['enrol_peak_bytes'])) / 1e9:.2f} GB",
    ]
    return "\n".join(lines)
