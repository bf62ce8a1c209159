"""What every provider shares: permissions, claims, configurations as npm shows them, and what makes a provider."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer

from bot.domain.flags import Fields, Flag, check_fields, clean_fields
from bot.domain.mistakes import Mistake
from bot.domain.templates import has_template
from bot.domain.values import Frozen

Claims: TypeAlias = Mapping[str, Any]
"""The claims of a configuration as npm's JSON has them."""


class Provider(StrEnum):
    """Whose CI may publish. The values are npm's `type` and the sub-commands of `npm trust`."""

    GITHUB = "github"
    GITLAB = "gitlab"
    CIRCLECI = "circleci"


class Permission(StrEnum):
    """What a configuration allows. The values are those of npm's wire format."""

    PUBLISH = "createPackage"
    STAGE = "createStagedPackage"


class Configuration(Frozen):
    """A trust configuration as npm lists it. Providers, claims and permissions may be unknown to us: they are kept."""

    id: str
    """npm's id of it, for example `eebc175d-4720-4fc8-a31a-6491ca36fb47`."""
    type: str
    """The provider: `github`, `gitlab`, `circleci` or one that we do not know."""
    claims: dict[str, Any] = Field(default_factory=dict)
    """As npm sent them, with a top-level `environment` moved in."""
    permissions: tuple[str, ...] = ()
    """As npm sent them."""
    other: dict[str, Any] = Field(default_factory=dict)
    """What else npm sent with it: shown, kept, and no part of what makes two of them the same."""

    @model_serializer(mode="wrap")
    def _leave_out_nothing(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        document: dict[str, Any] = dump(self)
        return document if self.other else {name: value for name, value in document.items() if name != "other"}


class BasePublisher(Frozen):
    """A publisher: who may publish, without what they may do."""

    @property
    @abstractmethod
    def source(self) -> str:
        """The repository, project or vcs origin."""

    @property
    @abstractmethod
    def label(self) -> str:
        """For people, plain: `acme/ui → release.yml`."""

    @abstractmethod
    def to_claims(self) -> dict[str, Any]:
        """Build npm's claims, in npm's order of keys; what was not given is left out."""


PublisherT_co = TypeVar("PublisherT_co", bound=BasePublisher, covariant=True)


@dataclass(frozen=True, slots=True)
class ProviderSpec(Generic[PublisherT_co]):
    """All that is special about a provider, as data."""

    provider: Provider
    title: str
    """As its makers write it: `GitHub Actions`."""
    entity: str
    """What trust is given to, in npm's words: `GitHub repository`."""
    host: str
    """Where its repositories are, for inferring one: `github.com`; empty when none can be inferred."""
    flags: tuple[Flag, ...]
    source_flag: str
    """The flag that names the repository or project."""
    source_claim: str
    """The claim that does."""
    make: Callable[[Fields], PublisherT_co]
    """Builds from fields that were checked."""
    read: Callable[[Claims], PublisherT_co | None]
    """Reads npm's claims; None when they are not as we know them. Claims beyond ours are not looked at."""

    def check(self, fields: Fields) -> list[Mistake]:
        """List all that is wrong; a missing repository or project is not, since it can be inferred."""
        return check_fields(self.flags, clean_fields(self.flags, fields))

    def build(self, fields: Fields, inferred_repository: str = "") -> PublisherT_co | Mistake:
        """Make the publisher, with the inferred repository where none was given; the first mistake otherwise.

        Templates are to be filled before: one that is left is no name that npm could match.
        """
        cleaned = clean_fields(self.flags, fields)
        if self.host and inferred_repository:
            cleaned.setdefault(self.source_flag, (inferred_repository,))
        if mistakes := check_fields(self.flags, cleaned):
            return mistakes[0]
        for name, values in cleaned.items():
            if unfilled := next(filter(has_template, values), ""):
                return Mistake(
                    what="A template was not filled in.", expected="a value for one package", got=unfilled, field=name
                )
        if self.source_flag not in cleaned:
            flag = next(flag for flag in self.flags if flag.name == self.source_flag)
            return Mistake(
                what=f"{self.entity} must be specified with the {flag.name} option: the package names none.",
                expected=flag.usage,
                got="",
                field=flag.name,
            )
        return self.make(cleaned)
