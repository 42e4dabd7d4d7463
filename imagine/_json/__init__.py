"""JSON as models write it: between sentences, with slips, and piece by piece. No I/O, and no recursion.

- `lexemes`: a text cut into brackets, strings and words.
- `finding`: the JSON in a text, the only number in it, the only option that it names.
- `mending`: JSON with the slips of models, read as what it means.
- `growing`: a value that grows while its text comes.
- `seeking`: the beginning of JSON in a text that comes in pieces.
"""
