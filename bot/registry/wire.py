"""npm's JSON, read with tolerance: values that we do not know are kept, and so are the fields of a configuration."""

from typing import Annotated, Any, TypeVar

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from bot.domain.publishers import Configuration


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


_NotEmpty = Annotated[str, Field(min_length=1)]
_HeaderValue = Annotated[str, Field(pattern=r"^[!-~]{1,4096}$")]
"""It goes into a header later on, where a blank or a line break would do harm."""


class TrustEntry(_Wire):
    """One trust configuration (npm-trust 1.4). Fields that we do not know are kept, to be shown as they are."""

    model_config = ConfigDict(extra="allow")

    id: _NotEmpty
    type: str = ""
    claims: dict[str, Any] | None = None
    permissions: tuple[str, ...] | None = None
    environment: Any = None
    """Where npm's own fixtures have it; the real place is inside the claims."""

    def to_configuration(self) -> Configuration:
        """Move everything to its real place."""
        moved = {"environment": self.environment} if self.environment else {}
        return Configuration(
            id=self.id,
            type=self.type,
            claims=moved | (self.claims or {}),
            permissions=self.permissions or (),
            other=self.model_extra or {},
        )


class WebLinks(_Wire):
    """The pair of addresses of npm's web flow."""

    auth_url: str = Field(validation_alias=AliasChoices("authUrl", "loginUrl"))
    done_url: str = Field(validation_alias="doneUrl")


class TokenBody(_Wire):
    """What the done URL answers in the end: a session after a login, a one-time password after a challenge."""

    token: _HeaderValue


class WhoamiBody(_Wire):
    """`GET /-/whoami`."""

    username: _NotEmpty


class ProfileBody(_Wire):
    """`GET /-/npm/v1/user`."""

    name: _NotEmpty
    email: str | None = None
    email_verified: Any = None
    tfa: Any = None
    """`null` or `false`, or an object with `mode` and `pending`."""

    @property
    def has_two_factor(self) -> bool:
        """Judge as npm does: set up, and not still pending."""
        return bool(self.tfa) and not (isinstance(self.tfa, dict) and self.tfa.get("pending"))


class _SearchPackage(_Wire):
    name: _NotEmpty


class SearchHit(_Wire):
    """One of the packages that a search finds."""

    package: _SearchPackage


class SearchBody(_Wire):
    """`GET /-/v1/search`."""

    objects: tuple[Any, ...]
    total: int = 0


class Complaint(_Wire):
    """The body of an error."""

    message: Any = None
    error: Any = None


AnyWire = TypeVar("AnyWire", bound=_Wire)


def read_body(model: type[AnyWire], document: object) -> AnyWire | None:
    """Read a document as one of the models above; None when it is none."""
    try:
        return model.model_validate(document)
    except ValidationError:
        return None


_ENTRIES: TypeAdapter[tuple[TrustEntry, ...]] = TypeAdapter(tuple[TrustEntry, ...])
_ACCESS: TypeAdapter[dict[str, str]] = TypeAdapter(dict[str, str])


def read_configurations(document: object) -> tuple[Configuration, ...] | None:
    """Read one configuration or a list of them.

    None when a single one cannot be read: what is missing from a list that we only half understand proves nothing.
    """
    try:
        entries = _ENTRIES.validate_python([document] if isinstance(document, dict) else document)
    except ValidationError:
        return None
    return tuple(entry.to_configuration() for entry in entries)


def read_access(document: object) -> dict[str, str] | None:
    """Read a map from packages to `read` or `write`; None when it is none."""
    try:
        return _ACCESS.validate_python(document)
    except ValidationError:
        return None


def read_complaint(document: object) -> str:
    """Find npm's own words in the body of an error: `message`, else `error`, else nothing."""
    complaint = read_body(Complaint, document) or Complaint()
    texts = (text for text in (complaint.message, complaint.error) if isinstance(text, str))
    return next((words for words in map(to_plain_words, texts) if words), "")


def to_plain_words(text: str, length: int = 500) -> str:
    """Take out what does not print (control characters, marks that turn the direction of text) and what is too long."""
    printable = "".join(char if char.isprintable() else " " for char in text[: 4 * length])
    return " ".join(printable.split())[:length]
