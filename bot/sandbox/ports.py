"""A port that stays ours while nothing listens on it: no other server may answer for a stand-in that is down."""

import socket
import weakref

LOOPBACK = "127.0.0.1"


class HeldPort:
    """A loopback port that is kept for as long as this object lives. While nobody listens, connections are refused."""

    def __init__(self, port: int = 0) -> None:
        """Take that port, or any free one.

        Raises OSError when the port is taken.
        """
        holder = _bind(port)
        weakref.finalize(self, holder.close)
        self.number = int(holder.getsockname()[1])

    def open(self) -> socket.socket:
        """Make a socket to listen with.

        Raises OSError when somebody listens already.
        """
        return _bind(self.number)


def _bind(port: int) -> socket.socket:
    """Bind a socket that shares its port: the kernel allows it as long as at most one of the sockets listens."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((LOOPBACK, port))
    except OSError:
        bound.close()
        raise
    return bound
