"""npmtrust: the owners of npm packages manage trusted publishers together, from Slack."""

import sys

__version__ = "0.1.0"

# httpx loads a command line of its own where click and rich are installed, four megabytes that nothing here runs. This
# is how Python is told that it is not there; it is told here, since whatever imports httpx first has to come after it.
sys.modules["httpx._main"] = None  # type: ignore[assignment]
