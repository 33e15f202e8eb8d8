"""The console in a real browser: a microphone that hears a file, a gate that needs no weights."""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from stargate.view.voice_console import pages
from stargate.voice.audio_files import encode
from stargate.voice.enrolments import work_off_next

if TYPE_CHECKING:
    from conftest import Chromium, Running

    from stargate.voice.engine import Sample

pytestmark = pytest.mark.browser
QUALITY = {
    "cosine": {"generic": 0.41, "nearest": 0.54, "blend": 0.57, "copy": 0.7, "real": 0.87},
    "in_words": "recognisable; a lenient voice check would accept it",
    "above_share_of_strangers": 0.99,
    "above_share_of_same_speaker_pairs": 0.12,
    "wer": 0.05,
    "opinion": 3.2,
    "rtf": 0.43,
    "not_measured": "no person has listened",
}
PICTURES = "STARGATE_PICTURES"
"""Names a folder, if the pages are to be looked at."""
EVERY_PAGE = ("voices", "add", "speak", "detect", "audit")


@pytest.fixture
def served(start: Callable[..., Running]) -> Running:
    from stargate.voice.http import Page

    return start(console={name: Page(*page) for name, page in pages().items()})


@pytest.fixture
def at_work(served: Running) -> Iterator[None]:
    """A worker, as `stargate voice serve` has one."""
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.1):
            work_off_next(served.rooms, "w1")

    thread = threading.Thread(target=look)
    thread.start()
    yield
    over.set()
    thread.join()


@pytest.fixture
def heard(tmp_path: Path, speaker: Callable[..., Sample]) -> Path:
    """What the microphone hears: a person at 110 Hz, again and again."""
    file = tmp_path / "microphone.wav"
    sample = speaker(110.0, seconds=10.0)
    file.write_bytes(encode(sample.signal, sample.rate_hz, "wav"))
    return file


def signed_in(
    browser: Chromium, served: Running, page: str = "voices", role: str = "owner"
) -> None:
    browser.open(f"{served.url}/console/#key={served.key(role)}")
    browser.wait_text(f"acme, {role}")
    turn_to(browser, page)


def turn_to(browser: Chromium, page: str) -> None:
    browser.eval(f"location.hash = '#{page}'")
    browser.wait(f"!!document.querySelector('nav a[href=\"#{page}\"][aria-current]')")
    browser.wait("!document.querySelector('[aria-busy]')")


def recorded(browser: Chromium, seconds: float) -> None:
    browser.click("Record")
    browser.wait("document.querySelector('.live')")
    clock = "parseFloat([...document.querySelectorAll('.clock')].at(-1).textContent)"
    browser.wait(f"{clock} >= {seconds}", seconds + 20)
    browser.click("Stop")


def assert_fits(browser: Chromium, name: str) -> None:
    """By day and by night, on a telephone and on a desk, nothing is wider than the window."""
    for width in (390, 1280):
        for dark in (False, True):
            browser.look(width, dark)
            assert browser.eval("document.documentElement.scrollWidth - innerWidth") <= 0
            if folder := os.environ.get(PICTURES):
                time.sleep(0.4)  # for what moves to come to rest
                browser.picture(Path(folder) / f"{name}-{width}-{'dark' if dark else 'light'}.png")


def with_voice(served: Running, enrolled: Callable[[Any], str]) -> str:
    """A voice whose report holds what an engine that copies would have measured."""
    voice_id = enrolled(served.client())
    store = served.house.parts.voices
    voice = store.voice(voice_id, "acme")
    assert voice is not None
    store.delete_voice(voice_id)
    report = json.loads(voice.report) | {"quality": QUALITY}
    store.add(replace(voice, report=json.dumps(report)))
    return voice_id


@pytest.mark.usefixtures("at_work")
def test_a_person_agrees_is_enrolled_and_speaks_by_microphone_alone(
    served: Running, browser: Callable[..., Chromium], heard: Path
) -> None:
    served.house.clock[0] = time.time()  # charges of the last day are counted
    page = browser(heard)
    signed_in(page, served, "add")
    page.fill("Name of the person", "Ada Lovelace")
    page.fill("What the voice is for", "reading books aloud")
    page.click("Show the phrase")
    page.wait_text("I am Ada Lovelace. I agree that a synthetic copy")
    recorded(page, 3.0)
    assert_fits(page, "phrase")
    page.click("Check it")
    page.wait_text("The consent is accepted.")
    recorded(page, 9.0)
    page.click("Learn the voice")
    page.wait_text("The voice is ready.")
    assert_fits(page, "ready")
    assert served.rooms.voices.voice("ada", "acme") is not None
    page.click("Speak")
    page.wait("document.querySelector('textarea')")
    page.fill("Text", "Four hours of steady work faced us. A large size is hard to sell.")
    page.click("Listen")
    page.wait_text("of speech, watermarked and signed.")
    page.wait_text("199,935 left today")
    assert_fits(page, "spoken")
    (clip,) = served.rooms.voices.clips()
    assert clip.id in page.text()
    assert page.console == []


def test_what_was_said_wrongly_is_told_with_what_mends_it(
    served: Running, browser: Callable[..., Chromium], heard: Path
) -> None:
    served.house.recogniser.words = lambda *_: ["something", "else"]
    page = browser(heard)
    signed_in(page, served, "add")
    page.fill("Name of the person", "Ada Lovelace")
    page.fill("What the voice is for", "reading")
    page.click("Show the phrase")
    recorded(page, 2.0)
    page.click("Check it")
    page.wait_text("The phrase was not said: heard `something else`")
    page.wait_text("Ask for a new phrase and read it word for word")
    assert page.eval("document.querySelector('.recorder')") is None  # the phrase is spent
    assert_fits(page, "refused")
    page.click("Another phrase")
    page.wait_text("Show the phrase")


def test_a_dropped_clip_is_known_and_its_limits_are_told(
    served: Running,
    enrolled: Callable[[Any], str],
    browser: Callable[..., Chromium],
    tmp_path: Path,
) -> None:
    client = served.client()
    enrolled(client)
    made = client.audio.speech.with_raw_response.create(
        model="any",
        voice="ada",
        input="Rice is often served in round bowls.",
        response_format="wav",
    )
    clip, statement = tmp_path / "clip.wav", tmp_path / "clip.wav.manifest.json"
    clip.write_bytes(made.content)
    statement.write_text(made.headers["x-manifest"])
    page = browser()
    signed_in(page, served, "detect", "speaker")
    page.give("input[type=file]", clip, statement)
    page.wait_text("Made here.")
    for words in (
        "99\u00a0% or more",
        "Signed here, and of this very sound",
        "What this cannot see",
    ):
        assert words in page.text()
    assert_fits(page, "found")
    assert made.headers["x-clip-id"] in page.text()
    junk = tmp_path / "junk.wav"
    junk.write_bytes(b"junk")
    page.give("input[type=file]", junk)
    page.wait_text("in no format that can be read")
    assert ("detected", "recording_unreadable") in served.house.refusals()


@pytest.mark.parametrize(
    ("name", "marked", "loudness", "expected"),
    [
        ("unmarked", False, 1.0, ("Nothing of ours was found.", "1\u00a0% or less")),
        ("watermark", True, 1.0, ("Our watermark was found.", "ask for its statement")),
        ("no-speech", False, 0.0, ("No speech to judge.", "Not judged")),
    ],
)
def test_a_recording_that_nothing_vouches_for_is_never_called_made_here(
    name: str,
    marked: bool,
    loudness: float,
    expected: tuple[str, ...],
    served: Running,
    speaker: Callable[..., Sample],
    browser: Callable[..., Chromium],
    tmp_path: Path,
) -> None:
    spoken = speaker(110.0, seconds=4.0)
    marker = served.house.parts.marker
    signal = marker.embed(spoken.signal, spoken.rate_hz) if marked else spoken.signal
    file = tmp_path / "recording.wav"
    file.write_bytes(encode(signal * loudness, spoken.rate_hz, "wav"))
    page = browser()
    signed_in(page, served, "detect")
    page.give("input[type=file]", file)
    for words in expected:
        page.wait_text(words)
    assert "Made here." not in page.text()
    assert_fits(page, name)


def test_a_refused_microphone_is_told_and_a_file_may_take_its_place(
    served: Running, browser: Callable[..., Chromium], heard: Path
) -> None:
    page = browser(heard, "--use-fake-ui-for-media-stream=deny")
    signed_in(page, served, "add")
    page.fill("Name of the person", "Ada Lovelace")
    page.fill("What the voice is for", "reading")
    page.click("Show the phrase")
    page.click("Record")
    page.wait_text("The browser was told not to let this page use the microphone.")
    assert_fits(page, "no-microphone")
    page.give("input[type=file]", heard)
    page.click("Check it")
    page.wait_text("The consent is accepted.")
    assert served.house.refusals() == []


def test_a_service_that_went_away_is_told_and_what_was_written_stays(
    served: Running, enrolled: Callable[[Any], str], browser: Callable[..., Chromium]
) -> None:
    enrolled(served.client())
    page = browser()
    signed_in(page, served, "speak")
    page.fill("Text", "Rice is often served in round bowls.")
    served.stop()
    page.click("Listen")
    page.wait_text("The service does not answer.")
    assert_fits(page, "gone")
    assert page.eval("document.querySelector('textarea').value").startswith("Rice is often")
    assert page.eval("[...document.querySelectorAll('form button')].map(b => b.disabled)") == [
        False,
        True,
        False,
    ]
    page.eval("location.hash = '#voices'")
    page.wait_text("That did not work")
    page.eval("document.querySelector('h1').id = 'before'")
    page.click("Try again")
    page.wait("!document.getElementById('before')")
    page.wait_text("The service does not answer.")


def test_a_clip_that_is_stopped_before_it_is_heard_is_told_so(
    served: Running, enrolled: Callable[[Any], str], browser: Callable[..., Chromium]
) -> None:
    enrolled(served.client())
    page = browser()
    signed_in(page, served, "speak")
    page.eval(
        "{ const real = fetch; window.fetch = (to, how) => !to.endsWith('/speech') ? real(to, how)"
        " : new Promise((_, no) => how.signal.addEventListener('abort',"
        " () => no(how.signal.reason))); }"
    )
    page.fill("Text", "Rice is often served in round bowls.")
    page.click("Listen")
    page.wait_text("The first words are being made")
    page.click("Stop")
    page.wait_text("Stopped.")
    assert "The first words are being made" not in page.text()


def test_revoking_is_asked_twice_and_deletes_the_voice(
    served: Running, enrolled: Callable[[Any], str], browser: Callable[..., Chromium]
) -> None:
    with_voice(served, enrolled)
    page = browser()
    signed_in(page, served)
    page.wait_text("How near it comes: recognisable")
    page.click("Revoke consent")
    page.wait_text("Revoke, and delete every voice of it?")
    assert served.rooms.voices.voice("ada", "acme") is not None
    page.click("Revoke, and delete every voice of it?")
    page.wait_text("There is no voice yet.")
    assert served.rooms.voices.voice("ada", "acme") is None


def test_an_edited_audit_is_told_in_plain_words(
    served: Running, enrolled: Callable[[Any], str], browser: Callable[..., Chromium]
) -> None:
    enrolled(served.client())
    page = browser()
    signed_in(page, served, "audit")
    page.click("Verify the chain")
    page.wait_text("All 3 entries are as they were written.")
    served.house.parts.audit._database._connection.executescript(
        "DROP TRIGGER audit_never_changes; UPDATE audit SET subject = 'x' WHERE sequence = 2"
    )
    page.click("Verify the chain")
    page.wait_text("The audit was edited.")
    assert_fits(page, "edited")


def test_a_speaker_sees_no_page_of_the_owner_and_a_wrong_key_nothing(
    served: Running, browser: Callable[..., Chromium]
) -> None:
    page = browser()
    signed_in(page, served, "voices", "speaker")
    tabs = "[...document.querySelectorAll('nav a')].filter(a => !a.hidden).map(a => a.textContent)"
    assert page.eval(tabs) == ["Voices", "Speak", "Detect"]
    page.click("Sign out")
    page.fill("Key", "sk-made-up")
    page.click("Sign in")
    page.wait_text("This key is not known here.")
    assert_fits(page, "signin")
    assert page.eval("sessionStorage.length") == 0


def test_the_key_leaves_the_address_and_nothing_is_asked_of_elsewhere(
    served: Running, browser: Callable[..., Chromium]
) -> None:
    page = browser()
    signed_in(page, served)
    assert "key" not in page.eval("location.href")
    assert page.eval("document.cookie") == ""
    for name in EVERY_PAGE:
        turn_to(page, name)
    asked = page.eval("performance.getEntriesByType('resource').map(e => e.name)")
    assert all(address.startswith((served.url, "data:", "blob:")) for address in asked)
    assert page.console == []
    page.eval("fetch('https://example.org/').catch(() => 0)")
    assert any("Content Security Policy" in line for line in page.console)


@pytest.mark.parametrize("name", EVERY_PAGE)
def test_every_page_fits_a_telephone_and_every_control_has_a_name(
    name: str,
    served: Running,
    enrolled: Callable[[Any], str],
    browser: Callable[..., Chromium],
) -> None:
    with_voice(served, enrolled)
    page = browser()
    signed_in(page, served, name)
    assert "That did not work" not in page.text()
    assert_fits(page, name)
    nameless = page.eval(
        "[...document.querySelectorAll('input, select, textarea, button, meter, progress, audio')]"
        ".filter(e => e.offsetParent && !(e.labels?.length || e.ariaLabel || e.textContent.trim()))"
        ".map(e => e.outerHTML)"
    )
    assert nameless == []
    assert page.eval("document.querySelectorAll('h1').length") == 1
