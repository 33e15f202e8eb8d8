"""`/v1/audio/account` and `/v1/audio/audit`: what a key may do, and what was done."""

from __future__ import annotations

import time

from fastapi import APIRouter

from stargate.voice.http.service import LARGEST_UPLOAD_BYTES, Anyone, Here, Owner
from stargate.voice.http.shapes import Account, AuditEntry, AuditPage, AuditVerdict
from stargate.voice.policy import DAY_S

router = APIRouter(tags=["records"])


@router.get("/account")
def account(here: Here, who: Anyone) -> Account:
    """Whom this key stands for, and what is left to them today."""
    store, policy = here.home.voices, here.policy
    return Account.model_validate(
        {
            "tenant": who.tenant,
            "role": who.role,
            "engine": here.engine,
            "characters_used": store.characters_since(who.tenant, time.time() - DAY_S),
            "characters_per_day": policy.n_characters_per_day,
            "characters_per_request": policy.n_characters_per_request,
            "n_voices": len(store.voices(who.tenant)),
            "n_voices_allowed": policy.n_voices,
            "largest_upload_bytes": LARGEST_UPLOAD_BYTES,
            "least_speech_s": policy.least_speech_s,
            "longest_sample_s": policy.longest_s,
        }
    )


@router.get("/audit")
def audit(here: Here, who: Owner, limit: int = 50, before: int | None = None) -> AuditPage:
    """What was done and refused on the tenant's behalf, newest first; `before` is a sequence."""
    entries = [
        entry
        for entry in reversed(here.home.audit.entries(who.tenant))
        if before is None or entry.sequence < before
    ]
    page = entries[: max(1, min(limit, 200))]
    return AuditPage(
        data=[AuditEntry.of(entry) for entry in page], has_more=len(page) < len(entries)
    )


@router.get("/audit/verification")
def verification(here: Here, _who: Owner) -> AuditVerdict:
    """Check the whole chain; keep the newest hash elsewhere to find a cut-off end."""
    faults, entries = here.home.audit.verify(), here.home.audit.entries()
    newest = entries[-1].hash if entries else ""
    return AuditVerdict(ok=not faults, faults=faults, n_entries=len(entries), newest_hash=newest)
