"""Runs of a model with tools: it is asked, what it asks for is called, and it is told what came of it.

- `run`: `AsyncToolRun` and `AsyncToolStream`, what users hold.
- `turns`: `ToolCall`, `ToolResult` and `Turn`, what they are handed.
- `beginning`: the arguments of a run, checked and made into its parts.
- `whole`: an answer that comes whole, asked for as a stream is.
- `loop`: turn after turn: an answer, the calls in it, what becomes of the conversation.
- `spending`: tokens of several answers together.
- `history`: an answer as it is sent back, and the calls in it.
- `toolset`: the calls in an answer: their arguments, time, errors, and what the model is told.
- `calling`: one call of a function, in a task or in a thread.
- `tasks`: tasks that end with their run, whoever ends it.
"""
