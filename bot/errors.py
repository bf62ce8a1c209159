"""The root of our error trees.

    NpmtrustError
    ├── StartupError          a setting or the machine is not as needed; one line says what and how
    │   └── UsageError          what was typed means nothing
    ├── RegistryError         bot.registry.errors draws its own tree
    ├── SlackError            bot.notifications draws its own tree
    └── StorageError          storage.database draws its own tree

A refusal is a value and never an exception: see `bot.domain.mistakes` and `bot.domain.approval`.
"""


class NpmtrustError(Exception):
    """Something went wrong that is no mistake of the person who asked."""


class StartupError(NpmtrustError):
    """The program cannot start. The text is one line: what is wrong and how to mend it."""


class UsageError(StartupError):
    """What was typed after a command means nothing: the text says what would."""


class RegistryError(NpmtrustError):
    """The npm registry could not be used."""


class SlackError(NpmtrustError):
    """Slack could not be used."""

    retry_after: float = 0.0
    """Seconds that Slack asks to wait; 0: it says nothing about it."""


class StorageError(NpmtrustError):
    """The database could not be used."""
