"""Enrolment as a batch job: it waits in a queue, a worker does it, it survives a restart.

A worker opens the home and goes through the gate like everyone else. While it works, the
recording lies in the queue, sealed; it is erased when the enrolment is done, refused or cancelled.
"""

from __future__ import annotations

import io
import resource
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import numpy as np

from stargate.errors import StargateError
from stargate.store.audit import AuditLog
from stargate.store.enrolments import OPEN, Enrolment, EnrolmentQueue
from stargate.store.voices import VoiceStore
from stargate.voice.audited import audited
from stargate.voice.engine import Sample
from stargate.voice.gate import Gate
from stargate.voice.refusals import RefusedError
from stargate.voice.vault import Vault

MOST_OPEN = 3
"""Enrolments that one tenant may have waiting or running."""
BEAT_EVERY_S = 5.0


class Rooms(Protocol):
    """What of a home an enrolment needs; see `home.Home`."""

    @property
    def gate(self) -> Gate: ...  # noqa: D102
    @property
    def voices(self) -> VoiceStore: ...  # noqa: D102
    @property
    def enrolments(self) -> EnrolmentQueue: ...  # noqa: D102
    @property
    def audit(self) -> AuditLog: ...  # noqa: D102
    @property
    def vault(self) -> Vault: ...  # noqa: D102


def submit(
    rooms: Rooms, tenant: str, name: str, consent_id: str, sample: Sample, engine: str
) -> Enrolment:
    """Put an enrolment into the queue; the gate checks all of it when a worker takes it up."""
    n_open = sum(each.state in OPEN for each in rooms.enrolments.of(tenant))
    subject = f"enrol_{secrets.token_hex(8)}"
    with audited(rooms.audit, tenant, "enrolment_asked", subject):
        if n_open >= MOST_OPEN:
            message = f"{n_open} enrolments wait or run already; let one of them end first"
            raise RefusedError("too_many_enrolments", message)
    sealed = rooms.vault.seal(_to_bytes(sample))
    waiting = Enrolment(subject, tenant, name, consent_id, engine, sealed, time.time())
    rooms.enrolments.add(waiting)
    rooms.audit.append("enrolment_asked", tenant, subject, {"name": name, "consent": consent_id})
    return waiting


def cancel(rooms: Rooms, tenant: str, enrolment_id: str) -> Enrolment:
    """End an enrolment; erase its recording and what was learnt of it."""
    found = of(rooms, tenant, enrolment_id)
    if not rooms.enrolments.cancel(found.id):
        raise RefusedError("enrolment_over", f"{found.id} is {found.state} already")
    rooms.voices.drafts.drop_of(found.consent_id)
    rooms.audit.append("enrolment_cancelled", tenant, found.id)
    return of(rooms, tenant, enrolment_id)


def resume(rooms: Rooms, tenant: str, enrolment_id: str) -> Enrolment:
    """Try an enrolment again whose worker failed."""
    found = of(rooms, tenant, enrolment_id)
    if not rooms.enrolments.resume(found.id):
        raise RefusedError("enrolment_not_failed", f"{found.id} is {found.state}; none is to mend")
    rooms.audit.append("enrolment_resumed", tenant, found.id)
    return of(rooms, tenant, enrolment_id)


def of(rooms: Rooms, tenant: str, enrolment_id: str) -> Enrolment:
    """A tenant's enrolment, or a refusal."""
    found = rooms.enrolments.find(enrolment_id, tenant)
    if found is None:
        raise RefusedError("no_such_enrolment", f"no enrolment {enrolment_id}")
    return found


def work_off_next(rooms: Rooms, worker: str) -> Enrolment | None:
    """Take up the next enrolment, if one waits, and carry it to its end."""
    claimed = rooms.enrolments.claim(worker, time.time())
    if claimed is not None:
        with _beating(rooms.enrolments, claimed):
            _carry_out(rooms, claimed)
    return claimed


def _carry_out(rooms: Rooms, claimed: Enrolment) -> None:
    try:
        voice_id = _made_before(rooms, claimed) or _enroll(rooms, claimed)
    except RefusedError as refusal:
        rooms.enrolments.refuse(claimed, refusal.rule, str(refusal))
    except StargateError as error:
        rooms.enrolments.fail(claimed, str(error))
    except Exception as error:  # whatever an engine throws must not leave the job hanging
        rooms.enrolments.fail(claimed, f"{type(error).__name__}: {error}")
        raise
    else:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        cpu_s, peak_bytes = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024
        rooms.enrolments.done(claimed, voice_id, cpu_s, peak_bytes)


def _enroll(rooms: Rooms, claimed: Enrolment) -> str:
    assert claimed.sealed_sample is not None
    sample = _from_bytes(rooms.vault.unseal(claimed.sealed_sample))

    def progress(step: str, share: float) -> None:
        if not rooms.enrolments.report(claimed, step, share, time.time()):
            raise RefusedError("cancelled", f"{claimed.id} was cancelled, or given to another")

    progress("checking the recording", 0.0)
    tenant, engine = claimed.tenant, claimed.engine
    gate = rooms.gate
    return gate.enroll(tenant, claimed.name, claimed.consent_id, sample, engine, progress).id


def _made_before(rooms: Rooms, claimed: Enrolment) -> str | None:
    """The voice, if a worker died between making it and saying so."""
    found = rooms.voices.voice(claimed.name, claimed.tenant) if claimed.n_starts > 1 else None
    ours = found and found.consent_id == claimed.consent_id and found.created_s >= claimed.created_s
    return found.id if found and ours else None


@contextmanager
def _beating(queue: EnrolmentQueue, claimed: Enrolment) -> Iterator[None]:
    """Tell the queue now and then that this worker lives, whatever it is busy with."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_EVERY_S) and queue.beat(claimed, time.time()):
            pass

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _to_bytes(sample: Sample) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, signal=sample.signal, rate_hz=np.array(sample.rate_hz))
    return buffer.getvalue()


def _from_bytes(data: bytes) -> Sample:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return Sample(file["signal"], int(file["rate_hz"]))
