"""`/v1/audio/voice_consents`: ask for a phrase, answer it, list, revoke.

Here a consent answers a phrase that no recording can hold already, so one is asked for first.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, Form, UploadFile

from stargate.voice.http.service import Here, Owner
from stargate.voice.http.shapes import ConsentObject, ConsentPage, Deleted, Phrase, PhraseRequest
from stargate.voice.http.uploads import sample_of
from stargate.voice.lookups import consent_of
from stargate.voice.refusals import RefusedError

router = APIRouter(prefix="/voice_consents", tags=["consents"])


@router.post("/phrases")
def ask(here: Here, who: Owner, body: PhraseRequest) -> Phrase:
    """Ask for a phrase that the person has to say."""
    asked = here.home.gate.ask_consent(who.tenant, body.speaker, body.purpose, body.language)
    return Phrase(**ConsentObject.of(asked).model_dump(), phrase=asked.phrase)


@router.post("")
def give(
    here: Here,
    who: Owner,
    name: Annotated[str, Form()],
    language: Annotated[str, Form()],
    recording: Annotated[UploadFile, File()],
    phrase: Annotated[str, Form(description="the id that the phrase came with")] = "",
) -> ConsentObject:
    """Answer a phrase with a recording of it; a wrong answer uses the phrase up."""
    if not phrase:
        raise RefusedError(
            "no_phrase",
            f"{name} ({language}) has to answer a phrase: ask for one at "
            "/v1/audio/voice_consents/phrases and send its id as `phrase`",
        )
    answer = sample_of(recording, here, who, "consent_given")
    with here.busy:
        return ConsentObject.of(here.home.gate.give_consent(who.tenant, phrase, answer))


@router.get("")
def consents(here: Here, who: Owner, limit: int = 20, after: str = "") -> ConsentPage:
    """The tenant's consents, newest first, by page."""
    found = here.home.voices.consents(who.tenant)
    ids = [consent.id for consent in found]
    start = ids.index(after) + 1 if after in ids else 0
    page = found[start : start + max(1, min(limit, 100))]
    return ConsentPage(
        data=[ConsentObject.of(consent) for consent in page],
        first_id=page[0].id if page else None,
        last_id=page[-1].id if page else None,
        has_more=start + len(page) < len(found),
    )


@router.get("/{consent}")
def consent(here: Here, who: Owner, consent: str) -> ConsentObject:
    """One consent."""
    return ConsentObject.of(consent_of(here.home.voices, who.tenant, consent))


@router.delete("/{consent}")
def revoke(here: Here, who: Owner, consent: str) -> Deleted:
    """Withdraw a consent and delete its voices."""
    deleted = here.home.gate.revoke(who.tenant, consent)
    return Deleted(id=consent, object="audio.voice_consent", voices=deleted)
