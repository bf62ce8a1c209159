"""The base of every value that is stored or sent as JSON."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: it never changes, and it refuses fields that it does not know."""

    # What reads it is built when it is first needed: of most values a bot that nobody asks for anything has none.
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)
