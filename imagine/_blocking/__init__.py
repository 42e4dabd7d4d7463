"""The loop behind code that blocks: one thread for the process, and the ways into it.

- `client`: what the generated `ImagineClient` stands on.
- `live`: what lives until it is closed, for code that blocks.
- `conversation`: what the generated `Conversation` stands on.
- `stream`: an `AsyncStream` for code that blocks.
- `faces`: the twins of all else that lives, generated.
- `loop_thread`: the thread with the loop, its start, its end, and forks.
- `portal`: a call into the loop, and its outcome back.
"""
