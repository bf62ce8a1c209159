"""The client of the npm registry: everything that knows npm's HTTP, and nothing else."""

from bot.registry.auth import Done, Gone, Identity, LoginStarted, PollAnswer, PollFailed, Waiting
from bot.registry.client import RegistryClient
from bot.registry.errors import RegistryMisbehaved, RegistryNotReached, RegistryUnavailable
from bot.registry.packages import Found, NotFound, NotModified, PackageRead, SearchPage

__all__ = [
    "Done",
    "Found",
    "Gone",
    "Identity",
    "LoginStarted",
    "NotFound",
    "NotModified",
    "PackageRead",
    "PollAnswer",
    "PollFailed",
    "RegistryClient",
    "RegistryMisbehaved",
    "RegistryNotReached",
    "RegistryUnavailable",
    "SearchPage",
    "Waiting",
]
