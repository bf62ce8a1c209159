"""How far the reading of many lists is: counted as each is recorded, and shown no oftener than Slack wants."""

from datetime import datetime, timedelta

from bot.domain.survey import SurveyState
from storage.models import ReadRow
from storage.store import Store
from storage.survey_models import SurveyRow

_BETWEEN_SHOWN = timedelta(seconds=3)
"""How often Slack wants a message changed of something that runs long, at most."""


def key_of(survey: SurveyRow) -> str:
    """Name the message of a survey."""
    return f"survey:{survey.id}"


def show_surveys(store: Store, person: str, now: datetime) -> None:
    """Show, in what a person has read for them, whether they are waited for."""
    for survey in store.surveys.list_open_of(person):
        store.surfaces.touch(key_of(survey), now)


def count_read(store: Store, read: ReadRow, now: datetime) -> None:
    """Count what came of one read of many; to be called once for each time that something did."""
    survey = store.surveys.load(read.survey_id) if read.survey_id is not None else None
    if survey is None:
        return
    survey.done += read.state == "done"
    survey.failed += read.state == "failed"
    if survey.state == SurveyState.READING and survey.done + survey.failed >= survey.total:
        end_survey(store, survey, SurveyState.DONE, now)
        return
    if survey.state != SurveyState.READING and survey.csv_state == "" and survey.done:
        survey.csv_state = "wanted"  # the call that was under way when it was stopped was the first that brought a list
    surface = store.surfaces.find(key_of(survey))
    was_just_shown = surface is not None and (surface.behind or surface.next_try_at + _BETWEEN_SHOWN > now)
    if read.state == "waiting" or survey.state != SurveyState.READING or not was_just_shown:
        store.surfaces.touch(key_of(survey), now)


def give_up_of_read(store: Store, read: ReadRow, now: datetime) -> None:
    """The account of one of many is not linked any more: nothing more of it can be read."""
    survey = store.surveys.load(read.survey_id) if read.survey_id is not None else None
    if survey is not None and survey.state == SurveyState.READING:
        survey.failed += 1 + store.surveys.end_reads(survey.id, read.problem)
        end_survey(store, survey, SurveyState.STOPPED, now)


def end_survey(store: Store, survey: SurveyRow, state: SurveyState, now: datetime) -> None:
    """Nothing more of it is read: its message shows what there is, and its file is made."""
    survey.state, survey.finished_at = state.value, now
    survey.csv_state = "wanted" if survey.done else ""
    store.surfaces.touch(key_of(survey), now)
