"""The forges where workflow files are kept, GitHub and GitLab: what they show of one file at a time."""

from bot.forge.client import Forge, Source

__all__ = ["Forge", "Source"]
