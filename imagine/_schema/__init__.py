"""What Python's types and functions are in JSON Schema, and values read back into them; no I/O.

- `schema`: JSON Schemas of types, by what msgspec says of them.
- `inlining`: schemas that stand alone, with no more references than they need.
- `pydantic_types`: the types that pydantic reads, where the user's code has imported it.
- `target`: a type that JSON is converted into.
- `docstring`: what a docstring says of a function and of its parameters.
- `signature`: a function's arguments, and what a model sends for them.
- `example`: a value that fits a JSON Schema.
- `keywords`: JSON Schemas read into one class, and merged.
- `scalars`: texts, numbers and booleans of an example.
- `fitting`: which texts and numbers fit, and plain ones to try.
- `hints`: where the values of an example come from first.
- `content`: what functions return, as text.
"""
