"""What this process has counted since it started, for `/metrics`: names of calls and of answers, nothing else."""

from collections import Counter

NPM_CALLS: Counter[tuple[str, str]] = Counter()
"""Trust calls: what was called, and the kind of answer."""
SLACK_CALLS: Counter[str] = Counter()
"""Calls of Slack's Web API: `ok`, or the error of `bot.notifications` that it came to (SlackThrottled is a 429)."""
