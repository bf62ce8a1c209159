"""What npm tells of a package before anything is asked for."""

from urllib.parse import urlsplit

from bot.domain.evidence import PackageFacts, read_packument
from bot.services import Services
from bot.workflow.lane import live_session
from storage.models import LinkRow


async def load_facts(services: Services, package: str, link: LinkRow | None) -> PackageFacts | None:
    """Read a package: as the public sees it, else through the session of a linked person; None when neither sees it.

    Raises:
        RegistryError: npm cannot be asked now.
    """
    document = await services.registry.load_packument(package)
    if document is not None:
        return read_packument(document)
    session = live_session(services, link)
    if session is None:
        return None
    document = await services.registry.load_packument(package, session)
    return None if document is None else read_packument(document).model_copy(update={"private": True})


def is_configured_registry(services: Services, given: str) -> bool:
    """Tell whether `--registry` names the registry that we work with, or nothing."""
    return not given or _place(given) == _place(services.options.registry_url)


def registry_host(services: Services) -> str:
    """Tell the registry's host and port, for people."""
    return urlsplit(services.options.registry_url).netloc


def _place(url: str) -> tuple[str, str]:
    parts = urlsplit(url if "//" in url else f"//{url}")
    return parts.netloc.lower(), parts.path.rstrip("/")
