"""How much of what was sent over loopback the reader has not taken yet: asked from the kernel through sock_diag."""

from __future__ import annotations

import socket
import struct

__all__ = ["PeerQueue"]

SOCK_DIAG = 4  # <linux/netlink.h>: NETLINK_SOCK_DIAG
BY_FAMILY = 20  # <linux/sock_diag.h>: SOCK_DIAG_BY_FAMILY
REQUEST = 1  # <linux/netlink.h>: NLM_F_REQUEST
ANY_COOKIE = 0xFFFFFFFF
RQUEUE = 16 + 4 + 48 + 4
"""Where inet_diag_msg has idiag_rqueue: after the netlink header, four bytes, the socket's id and its timer."""


class PeerQueue:
    """The receive queue of the socket at the other end of a loopback connection; both ends are on this machine."""

    def __init__(self, ours: socket.socket) -> None:
        self._netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, SOCK_DIAG)
        self._question = _question(ours.getpeername(), ours.getsockname())

    def unread(self) -> int:
        """Return the bytes that arrived there and were not read; 0 once the connection is gone."""
        self._netlink.send(self._question)
        answer = self._netlink.recv(4096)
        kind: int = struct.unpack_from("=H", answer, 4)[0]
        unread: int = struct.unpack_from("=I", answer, RQUEUE)[0] if kind == BY_FAMILY else 0
        return unread

    def close(self) -> None:
        """Close the netlink socket."""
        self._netlink.close()


def _question(source: tuple[str, int], destination: tuple[str, int]) -> bytes:
    ends = struct.pack(
        "!HH16s16s", source[1], destination[1], socket.inet_aton(source[0]), socket.inet_aton(destination[0])
    )
    body = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, 0, 0, 0xFFFFFFFF)
    body += ends + struct.pack("=III", 0, ANY_COOKIE, ANY_COOKIE)
    return struct.pack("=IHHII", 16 + len(body), BY_FAMILY, REQUEST, 0, 0) + body
