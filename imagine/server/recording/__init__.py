"""Cassettes: what a service answered, recorded once and replayed for tests, to any client in any language.

- `cassette`: `Cassette`, what users hold: a proxy on loopback, and the file that it fills or reads.
- `proxy`: the application behind it: passes requests on and notes what comes, or answers from what was noted.
- `exchange`: one request and its answer, as the file has them.
- `events`: cuts a stream into its events, each with the time at which it came.
- `bodies`: bodies in a form that people can read: JSON, the parts of a form, text, Base64.
- `matching`: which recorded request is the same as one that arrives, and where they differ.
- `masking`: takes secrets out of all that is written.
- `pieces`: takes those out that a stream repeats piece by piece.
- `tape`: the file: reading it, and writing it so that it stays stable in git.
"""

from __future__ import annotations

from imagine.server.recording.cassette import Cassette, CassetteOptions, Mode

__all__ = ["Cassette", "CassetteOptions", "Mode"]
