"""The fault suite: what goes wrong between a client and its service, played through both clients over real sockets.

A row says what goes wrong, where it is played, and what users are to see; what they saw is told in the same words.
`make test-faults` prints all rows as a table; in `make test` each row is a test of each client. Rows behind real
gateways need nginx and tinyproxy, and are skipped where those are not installed.
"""
