"""A server that sends a stream piece by piece, the next one when it is told to."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"


class Piecewise:
    """Answers one request."""

    def __init__(self, pieces):
        self._pieces = pieces
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._told = threading.Semaphore(1)
        self.endpoint = f"http://127.0.0.1:{self._listening.getsockname()[1]}"

    def send_next(self):
        """Send the next piece."""
        self._told.release()

    def serve(self):
        connection, _ = self._listening.accept()
        with self._listening, connection, connection.makefile("rb") as request:
            while request.readline().strip():
                pass
            connection.sendall(HEAD)
            for piece in self._pieces:
                self._told.acquire()
                connection.sendall(piece)


@contextmanager
def sending(pieces):
    """Run such a server in a thread; its first piece is sent at once."""
    server = Piecewise(pieces)
    thread = threading.Thread(target=server.serve)
    thread.start()
    yield server
    thread.join()
