"""What public data shows of one package, the same words wherever it is shown."""

from bot.domain.coverage import PackageRecord
from bot.domain.evidence import Evidence, EvidenceKind
from bot.messages._text import day, safe
from bot.messages._words import evidence_words, short_id


def evidence_line(evidence: Evidence) -> str:
    """Say what is seen, through which configuration, and since when; in markup."""
    return " · ".join(filter(None, [safe(evidence_words(evidence), 400), _configuration(evidence), _since(evidence)]))


def evidence_of(record: PackageRecord) -> Evidence | None:
    """Give what was read of a package; None: nothing was."""
    if record.kind is None:
        return None
    return Evidence(
        kind=record.kind,
        provider=record.provider,
        configuration_id=record.configuration_id,
        since=record.since,
        version=record.version,
        by=record.by,
    )


def _configuration(evidence: Evidence) -> str:
    if not evidence.configuration_id:
        return ""
    configuration = f"configuration {safe(short_id(evidence.configuration_id), 60)}"
    return configuration if evidence.kind is EvidenceKind.TRUSTED else f"before: {configuration}"


def _since(evidence: Evidence) -> str:
    return f"since {day(evidence.since)}" if evidence.since and evidence.kind is EvidenceKind.TRUSTED else ""
