"""npmtrust: the owners of npm packages manage trusted publishers together, from Slack."""

__version__ = "0.1.0"
