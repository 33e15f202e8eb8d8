"""The voice engine: a person's voice from seconds of speech, and what keeps it from abuse.

`gate` is the only door. It asks for consent, judges the sample, lets an engine speak, marks what
was said, checks the mark, signs the clip and writes everything down. Engines (`kokoro`, `tone`)
speak only to who shows a permit of that gate. Speech needs the extra `stargate-twin[voice]` and
the assets that `stargate voice setup` gathers; importing this package needs neither.
"""
