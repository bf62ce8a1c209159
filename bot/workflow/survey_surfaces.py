"""The message and the file of many lists, from what is committed."""

import json
from datetime import timedelta

from bot.domain.coverage import write_csv
from bot.domain.digest import CatalogueNote
from bot.domain.evidence import EvidenceKind
from bot.domain.survey import (
    SurveyedPackage,
    SurveyState,
    SurveyView,
    sum_up,
    survey_document,
    survey_rows,
)
from bot.domain.windows import Asking, Method
from bot.messages.freezing import frozen_line
from bot.messages.message import Message
from bot.messages.surveys import render_survey
from bot.services import Services
from bot.workflow.look import CONFIGURATIONS
from bot.workflow.places import is_live
from bot.workflow.presence import is_present
from bot.workflow.windows import asking_of
from storage.models import ReadRow
from storage.store import Store
from storage.survey_models import SurveyRow

PAGE = 10
"""So many packages stand in one message: each may have ten configurations."""

_SPEED_OF = timedelta(minutes=2)
_PROBLEMS = 5


def draw_survey(services: Services, store: Store, reference: str) -> Message | None:
    """Draw the message of a survey."""
    survey = store.surveys.load(int(reference))
    return render_survey(survey_view(services, store, survey)) if survey else None


def survey_view(services: Services, store: Store, survey: SurveyRow) -> SurveyView:
    """Load a survey as its message shows it; while it reads, the work does not grow with its packages."""
    state = SurveyState(survey.state)
    view = SurveyView(
        value=survey.token,
        npm_user=survey.npm_user,
        selection=survey.selection,
        state=state,
        total=survey.total,
        done=survey.done,
        failed=survey.failed,
        left_out=survey.left_out,
        catalogue=CatalogueNote.model_validate_json(survey.note) if survey.note else None,
        problems=tuple(store.surveys.count_problems(survey.id, _PROBLEMS)) if survey.failed else (),
        as_json=survey.as_json,
        file_failed=survey.csv_state == "failed",
        created_at=survey.created_at,
        deadline=survey.deadline,
        finished_at=survey.finished_at,
    )
    if state is SurveyState.READING:
        return view.model_copy(update=_outlook(services, store, survey))
    packages = load_packages(store, survey)
    return view.model_copy(update={"sum": sum_up(packages), "page": tuple(packages[:PAGE])})


def _outlook(services: Services, store: Store, survey: SurveyRow) -> dict[str, object]:
    """Tell how fast it goes, and who or what is waited for."""
    now = services.clock.now()
    since = max(survey.created_at, now - _SPEED_OF)
    minutes = (now - since).total_seconds() / 60
    recent = store.surveys.count_since(survey.id, since)
    speed = recent / minutes if recent and minutes else None
    left = survey.total - survey.done - survey.failed
    link = store.links.find_linked(survey.person)
    handoff = store.handoffs.find_open(survey.person)
    stop = store.freezes.current()
    is_there = link is not None and (is_present(link, now) or services.pocket.purpose_of(survey.person) is not None)
    has_session = link is not None and is_live(link, now)
    return {
        "speed": speed,
        "minutes_left": max(1, round(left / speed)) if speed else None,
        "stopped": frozen_line(stop.actor, stop.reason) if stop else "",
        "waits_for_link": handoff is not None or (is_there and not has_session),
        "waits_for_press": handoff is None and not is_there,
        "asks_each": asking_of(store, link, Method.LIST) is Asking.EACH,
    }


def load_packages(
    store: Store, survey: SurveyRow, *, after: int = 0, limit: int | None = None
) -> list[SurveyedPackage]:
    """Load what came of some packages, in their order."""
    reads = store.surveys.list_reads(survey.id, after=after, limit=limit)
    kinds = store.packages.list_kinds([read.package for read in reads])
    return [_package(read, kinds.get(read.package, "")) for read in reads]


def _package(read: ReadRow, kind: str) -> SurveyedPackage:
    is_done = read.state == "done"
    return SurveyedPackage(
        package=read.package,
        configurations=CONFIGURATIONS.validate_json(read.result) if is_done else None,
        before=CONFIGURATIONS.validate_json(read.before) if read.before else None,
        read_at=read.read_at,
        problem="" if is_done else read.problem or "it was not read yet",
        evidence=EvidenceKind(kind) if kind else None,
    )


def write_survey(store: Store, survey: SurveyRow) -> bytes:
    """Write its file: CSV in which no cell is a formula for a spreadsheet, or JSON."""
    packages = load_packages(store, survey)
    if survey.as_json:
        return json.dumps(survey_document(packages), indent=2, ensure_ascii=False).encode()
    return b"\xef\xbb\xbf" + write_csv(survey_rows(packages)).encode()  # else Excel takes another encoding
