"""How long, how often, how many at once: no HTTP in here, and nothing awaits but the queue and its clocks.

- `clock`: the time limits of an attempt and of a stream, and the one timer of a loop that watches them.
- `retries`: what is sent again, and after how long.
- `ticket`: what waits for a slot.
- `slots`: the queue for the slots of a client.
- `alarm`: the one timer of that queue.
- `lanes`: a throttle for each route and model.
- `throttle`: the pace that the service's answers ask for.
- `quotas`: the windows of `rate_limits=`.
"""
