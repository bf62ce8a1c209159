"""`npmtrust policy check | explain`: what a policy file says, without the bot. Both may run beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.domain.evidence import PackageFacts
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation
from bot.domain.packages import parse_package
from bot.domain.publishers import PROVIDERS, Permission, Provider
from bot.errors import RegistryError, SlackError, StartupError
from bot.messages.policy import explanation_as_text
from bot.policies import read_policy
from bot.services import Services
from bot.workflow.explain_policy import Question, explain
from bot.workflow.packages import load_facts


@dataclass(frozen=True, slots=True)
class Asked:
    """What stands behind `policy explain`."""

    package: str
    requester: str = ""
    """Slack id; empty: somebody else than all others."""
    provider: str = Provider.GITHUB.value
    fields: Mapping[str, tuple[str, ...]] | None = None
    """The flags of a publisher, by name; None: none is asked about."""
    permissions: Sequence[Permission] = (Permission.PUBLISH,)


def check_file(path: Path | None) -> str:
    """Read a policy file, and say that it can be used.

    Raises:
        StartupError: It cannot, or there is none.
    """
    if path is None:
        raise StartupError("no policy file: name one, or set NPMTRUST_POLICY_FILE")
    loaded, policy = read_policy(path)
    if loaded.problem:
        raise StartupError(f"{path}: {loaded.problem}")
    named = [("rule", len(policy.rules)), ("person", len(policy.people)), ("admin", len(policy.admins))]
    counted = ", ".join(f"{number} {what}{'' if number == 1 else 's'}" for what, number in named)
    return f"{path} can be used: {counted}"


async def explain_policy(services: Services, asked: Asked) -> str:
    """Say which rule decides about a package, who may approve now, and why each other person may not.

    Raises:
        StartupError: The package or the publisher is none, or npm cannot be asked.
    """
    package = parse_package(asked.package)
    if isinstance(package, Mistake):
        raise StartupError(f"{package.what} Expected {package.expected}, got {asked.package!r}")
    services.policies.load()
    try:
        services.database.workspace = (await services.notifier.identify()).team
        found = await load_facts(services, package, None)
    except (SlackError, RegistryError) as err:
        raise StartupError(f"nothing can be explained now: {err}") from err
    if not isinstance(found, PackageFacts):
        raise StartupError(f"npm does not show {package} to the public")
    question = Question(requester=asked.requester, operation=_operation(asked, found))
    return explanation_as_text(await explain(services, found, question))


def _operation(asked: Asked, found: PackageFacts) -> Operation | None:
    if asked.fields is None:
        return None
    publisher = PROVIDERS[Provider(asked.provider)].build(dict(asked.fields))
    if isinstance(publisher, Mistake):
        raise StartupError(f"{publisher.what} Expected {publisher.expected}, got {publisher.got!r}")
    package = parse_package(found.name)
    if isinstance(package, Mistake):
        raise StartupError(package.what)
    return Create(package=package, publisher=publisher, permissions=tuple(asked.permissions))
