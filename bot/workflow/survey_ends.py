"""Stopping the reading of many lists before its end."""

from datetime import datetime

from bot.domain.overview import HandoffState
from bot.domain.survey import SurveyState
from bot.workflow.recording import close_handoff
from bot.workflow.survey_progress import end_survey
from storage.store import Store
from storage.survey_models import SurveyRow


def stop_survey(store: Store, survey: SurveyRow, why: str, now: datetime) -> bool:
    """Read nothing more of it; what was read stays. Tells whether there was anything to stop."""
    if survey.state != SurveyState.READING:
        return False
    handoff = store.handoffs.find_open(survey.person)
    read = store.reads.load(handoff.read_id) if handoff is not None and handoff.read_id is not None else None
    if handoff is not None and read is not None and read.survey_id == survey.id:
        close_handoff(store, handoff, HandoffState.LOST, now)
    survey.failed += store.surveys.end_reads(survey.id, why)
    end_survey(store, survey, SurveyState.STOPPED, now)
    return True
