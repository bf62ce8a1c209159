"""The end of what somebody's account was to read: they logged out, their link was closed, or it was not them at all."""

from datetime import datetime

from bot.services import Services
from bot.workflow.look import settle_look
from bot.workflow.survey_ends import stop_survey
from storage.store import Store


def give_up_reads(services: Services, store: Store, slack_user: str, why: str, now: datetime) -> None:
    """Read nothing more through a person's account, and say so wherever it was waited for.

    What a `retry` had to read first is settled by the worker that looks at deadlines.
    """
    for survey in store.surveys.list_open_of(slack_user):
        stop_survey(store, survey, why, now)
    for read in store.reads.list_in(["ready", "waiting"]):
        if read.slack_user == slack_user:
            read.state, read.problem = "failed", why
            store.surfaces.touch(f"list:{read.batch}", now)
            settle_look(services, store, read, now)
    services.bell.ring("deadlines")
