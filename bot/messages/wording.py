"""Plain words for operations, for those who need them outside of a message."""

from bot.messages._command_lines import line_again
from bot.messages._words import request_words, target_words

__all__ = ["line_again", "request_words", "target_words"]
