"""What the registry shows, and where its links lead."""

from bot.domain.evidence import EvidenceKind, PackageFacts
from bot.domain.findings import Finding
from bot.errors import RegistryError, StorageError
from bot.messages import findings as say
from bot.registry import RegistryMisbehaved
from bot.services import Services
from bot.workflow.packages import load_facts

WELL_KNOWN = "npm"
"""A package that npm's registry and every mirror of it has."""

_MOST_READS = 3


async def check_registry(services: Services) -> list[Finding]:
    """Look whether it answers, at its clock, at what it shows of a package, and at its login link."""
    url = services.options.registry_url
    try:
        there = await services.registry.read_clock()
    except RegistryError as err:
        return [say.registry_down(url, str(err))]
    clock = say.clock_untold(say.REGISTRY_CLOCK)
    if there:
        clock = say.clock_compared(say.REGISTRY_CLOCK, services.clock.now() - there)
    return [say.registry_answers(url), clock, await _check_evidence(services), await _check_website(services)]


async def _check_evidence(services: Services) -> Finding:
    """Read a package that we know, or one that everybody knows, until one has versions."""
    try:
        known = await services.database.run(lambda store: store.packages.list_names())
    except StorageError:
        known = []  # there is no database yet
    try:
        for name in [*known[: _MOST_READS - 1], WELL_KNOWN]:
            facts = await load_facts(services, name, None)
            if not isinstance(facts, PackageFacts):
                continue
            if facts.evidence.kind is EvidenceKind.NOT_VISIBLE:
                return say.evidence_hidden(name)
            if facts.evidence.kind is not EvidenceKind.UNPUBLISHED:
                return say.evidence_shown(name)
    except RegistryError as err:
        return say.evidence_unread(str(err))
    return say.evidence_unread()


async def _check_website(services: Services) -> Finding:
    """Ask for a login link that nobody will use: npm forgets it in minutes."""
    try:
        await services.registry.start_login()
    except RegistryMisbehaved as err:
        return say.website_wrong(str(err))
    except RegistryError as err:
        return say.registry_down(services.options.registry_url, str(err))
    return say.website_right(services.options.website)
