"""aiohttp stands in here and nowhere else: from a call to its answer or its stream.

- `call`: one call on its way: what it is, what limits it, what came of it.
- `log_line`: the line that the log gets for a call that has ended.
- `transport`: from a request to its answer: slot, attempt, retry.
- `elsewhere`: files at addresses that answers hold, on any origin.
- `keys`: the key where a function of the user's gives it.
- `bodies`: what requests carry, and JSON.
- `uploads`: a form with a file, which is read as it is sent.
- `sources`: what uploads are read from: paths, files, iterators.
- `worker`: a thread for what may hang: reads, and functions of the user's.
- `compression`: compressed bodies, unpacked as they are read.
- `reading`: bodies of answers, whole or from their start.
- `event_source`: an open stream, a network read at a time.
- `sessions`: the connections of a client, a session for each loop.
- `connector`: how a connection is made, and which trace follows one sending.
- `errors`: errors of the libraries underneath become ours.
"""
