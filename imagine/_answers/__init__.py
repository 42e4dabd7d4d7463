"""What came, from bytes to answers: nothing in here does I/O, awaits or knows aiohttp.

- `sse`: the bytes of a stream into the payloads of its events.
- `folding`: the chunks of a stream into a whole answer, while they pass.
- `whole`: whole messages in place of deltas.
- `growing`: members of a message that few streams have, and that come in pieces.
- `errors`: error answers and error events into exceptions.
- `own`: answers that carry an error, though their status is a good one.
- `models`: the answer of GET models, in either of its shapes.
- `vectors`: one for each text.
- `images`: addresses of images, made absolute.
"""
