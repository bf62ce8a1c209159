"""`doctor`: the same look as `npmtrust check`, from within the running bot, for admins."""

from bot.domain.approval import Action, Stake
from bot.domain.deliveries import CommandDelivery
from bot.messages.denials import Denied, render_denial
from bot.messages.doctor import render_doctor
from bot.services import Services
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.checkup import check


async def examine(services: Services, delivery: CommandDelivery) -> None:
    """Answer what works and what does not.

    Raises:
        SlackError: Slack cannot be reached, not even for the answer.
    """
    person = await load_person(services, delivery.user)
    directory = await services.database.run(lambda store: load_directory(services, store))
    denial = authorise(Action.DIAGNOSE, person, Stake(), directory)
    if denial is not None:
        await answer(services, delivery, render_denial(denial, Denied(wish=Action.DIAGNOSE)))
        return
    await answer(services, delivery, render_doctor(await check(services, file=services.database.file)))
