"""Sound as a stream in any format: what goes in clause by clause comes out as it is encoded."""

from __future__ import annotations

import contextlib
import subprocess
import threading
from collections.abc import Generator
from typing import IO

from stargate.voice.audio_files import CODECS, ffmpeg

CHUNK_BYTES = 2**14


def encoded(pieces: Generator[bytes], rate_hz: int, audio_format: str) -> Generator[bytes]:
    """16-bit samples, piece by piece, in a format that can be streamed; `pcm` as they are."""
    if audio_format == "pcm":
        return pieces
    command = [
        *(ffmpeg(), "-v", "error", "-f", "s16le", "-ac", "1"),
        *("-ar", str(rate_hz), "-probesize", "32", "-i", "pipe:0", "-flush_packets", "1"),
        *(*CODECS[audio_format], "pipe:1"),
    ]
    return _through(command, pieces)


def _through(command: list[str], pieces: Generator[bytes]) -> Generator[bytes]:
    """What a program makes of the pieces. It is fed from a thread, so that neither waits."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin is not None
    assert process.stdout is not None
    faults: list[BaseException] = []
    feeder = threading.Thread(target=_feed, args=(process.stdin, pieces, faults), daemon=True)
    feeder.start()
    try:
        while chunk := process.stdout.read1(CHUNK_BYTES):  # pyrefly: ignore
            yield chunk
        feeder.join()
        if faults:  # the stream breaks off, so that no listener takes it for the whole
            raise faults[0]
    finally:
        process.kill()
        process.stdout.close()
        feeder.join()
        process.wait()


def _feed(pipe: IO[bytes], pieces: Generator[bytes], faults: list[BaseException]) -> None:
    """All pieces into a pipe, unless the reader goes; the pieces are closed in any case."""
    try:
        for piece in pieces:
            pipe.write(piece)
            pipe.flush()
    except BrokenPipeError:
        pass
    except BaseException as fault:
        faults.append(fault)
    finally:
        pieces.close()
        with contextlib.suppress(BrokenPipeError):
            pipe.close()
