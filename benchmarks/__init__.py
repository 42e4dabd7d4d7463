"""How much the SDK costs over aiohttp and msgspec alone, and how far ahead of other SDKs it is, on the same bytes.

    python -m benchmarks            everything, five samples or more of each: the table, samples.json and the charts
    python -m benchmarks --quick    the rows of the table in short samples, under two minutes
    python -m benchmarks.flame CASE a flame graph of one case

A server in its own process writes bytes rendered beforehand. Each sample is a fresh process: it warms up, counts the
network reads of one pass, and then measures. Clients take turns (A B A B), and a ratio is the median of the ratios of
the turns. Other SDKs live in virtual environments of their own below `.venvs/`. Needs Linux: sock_diag and /proc.
"""
