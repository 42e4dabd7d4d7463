"""The libraries that are compared, each behind some of the same functions.

runner(place)            a context with a function that has a model run the tools, and returns its last words
blocking_runner(place)   the same without await
parser(place)            a context with a function of the name of a type and a question, which returns a value
follow(pieces)           reads an object that comes in pieces, showing it after each, and returns it
plain(value)             a value as JSON has it
"""
