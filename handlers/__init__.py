"""The door to Slack: verify, read, store, acknowledge, in this order. The work is done elsewhere."""

from handlers.front_door import FrontDoor
from handlers.http_mode import HttpMode
from handlers.request_guard import MAX_BODY_BYTES
from handlers.socket_mode import SocketMode

__all__ = ["MAX_BODY_BYTES", "FrontDoor", "HttpMode", "SocketMode"]
