"""What the user said, checked before anything is sent.

- `client`: the options of a client.
- `call`: the keywords that many methods take: sampling parameters, and the options of one call.
- `endpoint`: the endpoint in its one form.
- `keywords`: how those are shown, and what is said about one that a method does not know.
- `proxy`: which proxy a client uses.
- `tls`: which certificates it trusts.
"""
