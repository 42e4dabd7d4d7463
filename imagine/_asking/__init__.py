"""Typed answers: how they are asked for, and how they are read; no I/O.

- `outcomes`: what comes of a question.
- `asking`: a question, and what is sent for it.
- `partial_stream`: a value that is shown while it streams.
- `thoughts`: an answer without what the model thought aloud.
- `spelling`: names and options as a schema spells them.
- `fitting`: a value as a type has it, by the smallest repair that does.
- `priming`: what a completion goes on from.
- `reading`: the texts of an answer, and the value that they say.
- `places`: the type of each place in a type.
- `showing`: what of a value is there while it streams.
- `ways`: the three ways to ask.
- `steps`: what is asked next, and with which temperature and seed.
"""
