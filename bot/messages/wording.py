"""Plain words for operations, for those who need them outside of a message."""

from bot.messages._words import request_words

__all__ = ["request_words"]
