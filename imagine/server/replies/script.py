"""The replies of one route: a queue, answers to requests of a kind, and what was asked."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

from imagine.server.answers import Refusal
from imagine.server.bodies import fitted, parse_json
from imagine.server.paths import route_of
from imagine.server.replies.content import Misfit, NoReply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import msgspec

    from imagine.server.recorder import RecordedRequest
    from imagine.server.replies.content import Content

__all__ = ["ReplyScript"]

R = TypeVar("R", bound="msgspec.Struct")
A = TypeVar("A")


class ReplyScript(Generic[R, A]):
    """What a route answers; any thread may fill it.

    Once it has been given replies, a request that none fits is refused with 400, and fails the test.
    """

    def __init__(
        self,
        name: str,
        route: str,
        kind: type[R],
        check: Callable[[A, str], Content],
        records: Iterable[RecordedRequest],
    ) -> None:
        self.name = f"server.{name}"
        """The name it has in a test, like `server.chat`."""
        self.route = route
        """Its path below the endpoint."""
        self._kind = kind
        self._check = check
        self._records = records
        self._lock = threading.Lock()
        self.clear()

    def replies(self, *answers: A, when: Callable[[R], bool] | None = None) -> None:
        """Add answers for the next requests, one for each in order of arrival.

        With `when`, a function of the typed request, one answer is given to every request that it fits, before the
        queue is asked, and is never left over. Retries are requests, too. TypeError or ValueError for an answer that
        the route cannot give; in that case none is added.
        """
        contents = [self._check(answer, self.name) for answer in answers]
        if not contents or (when is not None and len(contents) > 1):
            at_least = "one answer" if when else "at least one answer"
            raise TypeError(f"{self.name}.replies() takes {at_least}, not {len(contents)}")
        with self._lock:
            self._is_scripted = True
            if when is None:
                self._queue.extend(contents)
            else:
                self._rules.append((when, contents[0]))

    @property
    def requests(self) -> list[R]:
        """The requests of the route among the newest 1,000 (`requests_kept`), oldest first, as their class."""
        own = [
            record for record in list(self._records) if record.method == "POST" and route_of(record.path) == self.route
        ]
        return [asked for asked in map(self.read, own) if asked is not None]

    @property
    def last(self) -> R:
        """The newest request; LookupError where there is none."""
        requests = self.requests
        if not requests:
            raise LookupError(f"{self.name} has had no request")
        return requests[-1]

    @property
    def pending(self) -> int:
        """How many replies of the queue are left."""
        return len(self._queue)

    @property
    def left_over(self) -> Sequence[Content]:
        """The replies of the queue that are left."""
        return list(self._queue)

    def clear(self) -> None:
        """Forget all replies: from now on the engines answer."""
        with self._lock:
            self._queue: deque[Content] = deque()
            self._rules: list[tuple[Callable[[R], bool], Content]] = []
            self._is_scripted = False
            self._given = 0

    def take(self, record: RecordedRequest) -> Content | None:
        """Take the answer to a request; None for one that the engines answer, or refuse.

        Raises NoReply where none is left, Misfit where the one that is left does not fit.
        """
        asked = self.read(record) if self._is_scripted else None
        if asked is None:
            return None
        with self._lock:
            rules = list(self._rules)
        content = next((content for when, content in rules if self._fits(when, asked)), None) or self._next()
        content.check_for(asked)
        return content

    def read(self, record: RecordedRequest) -> R | None:
        """Read a request as its class; None for one that the route refuses."""
        try:
            document = {"stream": False, **(dict(record.form) or parse_json(record.body))}
            return fitted(document, self._kind)
        except Refusal:
            return None

    def _fits(self, when: Callable[[R], bool], asked: R) -> bool:
        try:
            return when(asked)
        except Exception as error:  # of the test's own function
            raise Misfit(f"when= of {self.name}.replies() raised {error!r}") from error

    def _next(self) -> Content:
        with self._lock:
            if not self._queue:
                raise NoReply(self._why_none())
            self._given += 1
            return self._queue.popleft()

    def _why_none(self) -> str:
        rules = f", and none of the {len(self._rules)} with when= fits" if self._rules else ""
        used = f"all {self._given} are used up" if self._given else "the queue is empty"
        return f"{self.name} has no reply for this request: {used}{rules}"
