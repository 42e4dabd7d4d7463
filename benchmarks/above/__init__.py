"""What stands above a single call: runs with tools, typed answers, partial objects; against the libraries for them.

- `columns`: what is compared, and where each library runs.
- `server`: the scripted server that all of them ask.
- `rows`: awkward answers, as any library can be asked for them.
- `questions`: what is asked, and the tools.
- `worker`: one sample, in the interpreter of its library.
- `samples`: all samples, libraries taking turns.
- `tables`: what is printed.
- `clients`: the libraries, each behind the same few functions.
"""
