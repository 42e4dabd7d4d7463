"""The secrets of a client, kept out of all that people read: messages, bodies, headers, logs, causes, tracebacks.

- `redaction`: `Redaction`, the secrets that a client or a call has, and what takes them out.
- `sources`: where secrets are: in a proxy's URL, in headers named like one.
- `notations`: the ways in which a secret may be written.
- `tracebacks`: frames without the variables that hold secrets.
"""
