"""The base of every value that is stored or sent as JSON."""

from pydantic import BaseModel, ConfigDict


class Frozen(BaseModel):
    """A value: it never changes, and it refuses fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")
