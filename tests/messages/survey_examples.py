"""Surveys to draw."""

from bot.domain.digest import CatalogueNote
from bot.domain.evidence import EvidenceKind
from bot.domain.publishers import Configuration
from bot.domain.survey import SurveyedPackage, SurveyState, SurveyView, sum_up
from tests.messages.examples import APPROVED, ASKED, DEADLINE, FINISHED, OTTO


def a_configuration(text: str, number: int = 1, repository: str = "acme/ui") -> Configuration:
    return Configuration(
        id=f"{text}{number}",
        type=text,
        claims={"repository": repository, text: {text: text}},
        permissions=("createPackage", text),
        other={text: text},
    )


def a_survey(state: SurveyState, packages: tuple[SurveyedPackage, ...] = (), **changes: object) -> SurveyView:
    view = SurveyView(
        value="s1",
        npm_user="otto-npm",
        selection="@acme/*",
        state=state,
        total=2000,
        done=1200,
        failed=3,
        left_out=4,
        catalogue=CatalogueNote(known=2000, confirmed_by=OTTO, confirmed_at=ASKED),
        created_at=ASKED,
        deadline=DEADLINE,
        finished_at=None if state is SurveyState.READING else FINISHED,
        sum=None if state is SurveyState.READING else sum_up(packages),
        page=packages[:10],
    )
    return view.model_copy(update=changes)


def surveyed(text: str) -> tuple[SurveyedPackage, ...]:
    """Twelve packages with ten configurations each, which all were others before, and one that was not read."""
    now = tuple(a_configuration(text, number) for number in range(10))
    before = (*(a_configuration(text, number, "acme/old") for number in range(5)), a_configuration(text, 99))
    known = {"before": before, "read_at": APPROVED, "evidence": EvidenceKind.NONE}
    read = (SurveyedPackage(package=f"{text}{place}", configurations=now, **known) for place in range(12))
    return (*read, SurveyedPackage(package=text, problem=text))
