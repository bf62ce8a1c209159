"""Which use case a delivery is for."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.command_parser import parse_command
from bot.domain.commands import (
    Bulk,
    Cancel,
    CheckPackage,
    Coverage,
    Doctor,
    FormDraft,
    Freeze,
    Help,
    ListTrust,
    ListWatches,
    LogIn,
    LogOut,
    Misunderstood,
    OpenForm,
    Pause,
    Pending,
    ReplaceTrust,
    Resume,
    Retry,
    RevokeTrust,
    SetUp,
    ShowAudit,
    ShowDigest,
    ShowPolicy,
    Status,
    Unfreeze,
    Unwatch,
    Watch,
    WhoAmI,
)
from bot.domain.deliveries import ClickDelivery, CommandDelivery, Delivery, HomeDelivery, SubmissionDelivery
from bot.messages.ballots import read_ballot_view
from bot.messages.commands import render_help, render_mistakes
from bot.messages.decisions import render_never_issued
from bot.messages.forms import (
    FormOrigin,
    operation_form,
    read_acknowledge_form,
    read_operation_form,
    read_reject_form,
    read_replace_form,
)
from bot.messages.ids import Action, Callback
from bot.messages.notices import render_form_too_late
from bot.messages.refusals import render_secret_refused
from bot.notifications import SlackRefused
from bot.services import Services
from bot.workflow import (
    accounts,
    alarms,
    ask_again,
    ballots,
    batch_choose,
    bulk,
    cancel,
    check_package,
    clicks,
    coverage,
    digests,
    doctor,
    drift_buttons,
    explain_policy,
    freeze,
    home,
    list_trust,
    overviews,
    pause,
    record,
    replace,
    replace_all,
    retry,
    review,
    set_up_again,
    stage,
    watches,
)
from bot.workflow.answering import answer
from storage.store import Store


async def handle(services: Services, delivery: Delivery, *, inbox_id: int) -> None:
    """Do what a delivery asks for, and answer it.

    Raises:
        RegistryError: npm cannot be used now; the delivery is to be tried again.
        SlackError: Slack cannot be used now; as above.
    """
    match delivery:
        case CommandDelivery():
            await _command(services, delivery, inbox_id)
        case ClickDelivery(in_home=True):
            await _click(services, await home.place(services, delivery), inbox_id)
            await home.show_soon(services, delivery.user)
        case ClickDelivery():
            await _click(services, delivery, inbox_id)
        case SubmissionDelivery():
            await _submission(services, delivery, inbox_id)
            await home.show_soon(services, delivery.user)
        case HomeDelivery():
            await home.open_home(services, delivery)


async def _command(services: Services, delivery: CommandDelivery, inbox_id: int) -> None:
    if delivery.secret_removed:
        meant = parse_command(delivery.text)
        line = meant.corrected if isinstance(meant, Misunderstood) else ""
        await answer(services, delivery, render_secret_refused(line))
        return
    match parse_command(delivery.text):
        case SetUp() | RevokeTrust() | ReplaceTrust() as command:
            await stage.stage(services, delivery, command, inbox_id=inbox_id)
        case ListTrust() as command:
            await list_trust.list_trust(services, delivery, command, inbox_id=inbox_id)
        case OpenForm() | Bulk() as command:
            await _form(services, delivery, command)
        case LogIn() | LogOut() | WhoAmI() as command:
            await _account(services, delivery, command)
        case Coverage() | Watch() | Unwatch() | ListWatches() | ShowDigest() as command:
            await _public_data(services, delivery, command, inbox_id)
        case Status() | Pending() | ShowAudit() as command:
            await _requests(services, delivery, command, inbox_id)
        case Cancel(number=number):
            await cancel.cancel_number(services, delivery, number)
        case Pause() | Resume() | Retry() | Freeze() | Unfreeze() as command:
            await _stop_or_go(services, delivery, command, inbox_id)
        case Doctor() | Help() | ShowPolicy() | CheckPackage() as command:
            await _help(services, delivery, command)
        case Misunderstood() as misunderstood:
            await _misunderstood(services, delivery, misunderstood)


async def _requests(
    services: Services, delivery: CommandDelivery, command: Status | Pending | ShowAudit, inbox_id: int
) -> None:
    match command:
        case Status(number=number):
            await overviews.tell_status(services, delivery, number)
        case Pending():
            await overviews.tell_pending(services, delivery)
        case ShowAudit():
            await record.show_record(services, delivery, command, inbox_id=inbox_id)


async def _form(services: Services, delivery: CommandDelivery, command: OpenForm | Bulk) -> None:
    match command:
        case OpenForm(draft=draft):
            await open_form(services, delivery, draft)
        case Bulk():
            await bulk.open_form(services, delivery)


async def _help(
    services: Services, delivery: CommandDelivery, command: Doctor | Help | ShowPolicy | CheckPackage
) -> None:
    match command:
        case CheckPackage(package=package):
            await check_package.check_package(services, delivery, package)
        case Doctor():
            await doctor.examine(services, delivery)
        case ShowPolicy():
            await explain_policy.show_policy(services, delivery, command)
        case Help(topic=topic):
            await answer(services, delivery, render_help(topic))


async def _stop_or_go(
    services: Services, delivery: CommandDelivery, command: Pause | Resume | Retry | Freeze | Unfreeze, inbox_id: int
) -> None:
    match command:
        case Pause(number=number):
            await pause.pause_number(services, delivery, number)
        case Resume(number=number):
            await pause.resume_number(services, delivery, number)
        case Retry(number=number):
            await retry.retry_number(services, delivery, number, inbox_id=inbox_id)
        case Freeze(reason=reason):
            await freeze.freeze(services, delivery, reason)
        case Unfreeze():
            await freeze.unfreeze(services, delivery)


async def _account(services: Services, delivery: CommandDelivery, command: LogIn | LogOut | WhoAmI) -> None:
    match command:
        case LogIn():
            await accounts.log_in(services, delivery)
        case LogOut():
            await accounts.log_out(services, delivery)
        case WhoAmI():
            await accounts.tell_who(services, delivery)


async def _public_data(
    services: Services,
    delivery: CommandDelivery,
    command: Coverage | Watch | Unwatch | ListWatches | ShowDigest,
    inbox_id: int,
) -> None:
    match command:
        case Coverage():
            await coverage.cover(services, delivery, command, inbox_id=inbox_id)
        case Watch():
            await watches.watch(services, delivery, command)
        case Unwatch():
            await watches.unwatch(services, delivery, command)
        case ListWatches():
            await watches.list_watches(services, delivery)
        case ShowDigest():
            await digests.show_digest(services, delivery, command)


async def _misunderstood(services: Services, delivery: CommandDelivery, misunderstood: Misunderstood) -> None:
    draft = misunderstood.draft

    def keep(store: Store) -> str:
        return store.drafts.add(delivery.user, draft.model_dump_json(), services.clock.now()) if draft else ""

    edit = await services.database.run(keep)
    await answer(services, delivery, render_mistakes(misunderstood, delivery.text, edit=edit))


async def open_form(services: Services, delivery: CommandDelivery | ClickDelivery, draft: FormDraft) -> None:
    """Open the form of a provider. Slack lets a form open for three seconds after the press."""
    try:
        await services.notifier.open_view(delivery.trigger_id, operation_form(draft, channel=delivery.channel))
    except SlackRefused:
        await answer(services, delivery, render_form_too_late())


async def _click(services: Services, delivery: ClickDelivery, inbox_id: int) -> None:
    if delivery.action in {Action.OPEN_NPM, Action.OPEN_PACKAGE, Action.OPEN_ACCESS}:
        return  # a link: the browser has opened it already
    if delivery.action == Action.EDIT:
        content = await services.database.run(lambda store: store.drafts.find(delivery.value, delivery.user))
        if content is None:
            await answer(services, delivery, render_never_issued())
        else:
            await open_form(services, delivery, FormDraft.model_validate_json(content))
        return
    if delivery.action == Action.RETRY:
        await retry.retry_offer(services, delivery, inbox_id=inbox_id)
        return
    if delivery.action == Action.SET_UP_AGAIN:
        await set_up_again.set_up_again(services, delivery, inbox_id=inbox_id)
        return
    if delivery.action in clicks.BY_ACTION:
        await clicks.BY_ACTION[Action(delivery.action)](services, delivery)
        return
    await answer(services, delivery, render_never_issued())


_SUBMITTED: Mapping[str, Callable[..., Awaitable[None]]] = {
    Callback.BULK: bulk.check,
    Callback.BULK_RESULT: bulk.go_on,
    Callback.BATCH_CHOOSE: batch_choose.keep,
    Callback.DRIFT_MEND: drift_buttons.mend,
    Callback.DRIFT_ACKNOWLEDGE: drift_buttons.acknowledge,
    Callback.FREEZE: freeze.freeze_by_form,
    Callback.ASK_AGAIN: ask_again.ask,
}
"""Forms that their use cases read themselves: those about many packages, about drift, and of the freeze."""


async def _submission(services: Services, delivery: SubmissionDelivery, inbox_id: int) -> None:
    if delivery.callback in _SUBMITTED:
        await _SUBMITTED[delivery.callback](services, delivery, inbox_id=inbox_id)
    elif delivery.callback == Callback.OPERATION:
        command = read_operation_form(delivery.values, delivery.metadata)
        if isinstance(command, SetUp):
            channel = FormOrigin.model_validate_json(delivery.metadata).channel
            await stage.stage(services, delivery, command, inbox_id=inbox_id, channel=channel)
    elif delivery.callback == Callback.REJECT:
        rejection = read_reject_form(delivery.values, delivery.metadata)
        if not isinstance(rejection, list):
            origin, reason = rejection
            await review.reject(services, delivery, origin.offer, reason, channel=origin.channel)
    elif delivery.callback == Callback.BALLOT:
        ballot = read_ballot_view(delivery.values, delivery.metadata)
        if not isinstance(ballot, list):
            await ballots.decide(services, delivery, *ballot, inbox_id=inbox_id)
    elif delivery.callback == Callback.ACKNOWLEDGE:
        acknowledged = read_acknowledge_form(delivery.values, delivery.metadata)
        if not isinstance(acknowledged, list):
            about, reason = acknowledged
            await alarms.acknowledge(services, delivery, about.alarm, reason, about.channel)
    elif delivery.callback == Callback.REPLACE:
        await replace.ask(services, delivery, *read_replace_form(delivery.values, delivery.metadata), inbox_id=inbox_id)
    elif delivery.callback == Callback.REPLACE_ALL:
        replacement = read_replace_form(delivery.values, delivery.metadata)
        await replace_all.ask(services, delivery, *replacement, inbox_id=inbox_id)
