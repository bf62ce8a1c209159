"""What a person does with their own npm account, and with the links they were sent."""

from pydantic import SecretStr

from bot.domain.approval import Action, Denial
from bot.domain.approval import Person as Member
from bot.domain.deliveries import ClickDelivery, CommandDelivery
from bot.domain.events import AuditKind
from bot.domain.overview import HandoffState
from bot.messages import decisions
from bot.messages.commands import render_logged_out, render_nothing_to_log_out, render_who_am_i
from bot.messages.denials import Denied, render_denial
from bot.messages.message import Message
from bot.messages.notices import render_already_logged_in
from bot.services import Services
from bot.workflow import handoff as handoffs
from bot.workflow.answering import answer
from bot.workflow.authorise import authorise, load_directory, load_person
from bot.workflow.freeze import is_frozen
from bot.workflow.invite import invite_linked
from bot.workflow.lane import live_session
from bot.workflow.limits import check_links
from bot.workflow.link_account import LoginWanted, begin_login, close_link, end_session, prove, refuse
from bot.workflow.presence import is_asked
from bot.workflow.recording import close_handoff
from bot.workflow.views import link_view
from storage.account_models import HandoffRow, LinkRow
from storage.store import Store


async def log_in(services: Services, delivery: CommandDelivery) -> None:
    """`login`: link the account, or renew its session."""
    await _begin(services, delivery, announce_in=await _find_postable(services, delivery.channel))


async def link_from_button(services: Services, delivery: ClickDelivery) -> None:
    """[I maintain this: link my npm account]."""
    await _begin(services, delivery, announce_in=delivery.channel)


async def _find_postable(services: Services, channel: str) -> str:
    """Tell the channel of a command where the link can be announced there; a DM is nobody else's."""
    if channel.startswith("D"):
        return ""
    return channel if (await services.channels.check(channel)).postable else ""


async def _begin(services: Services, delivery: CommandDelivery | ClickDelivery, *, announce_in: str) -> None:
    person = await load_person(services, delivery.user)

    def look(store: Store) -> tuple[Denial | None, LinkRow | None, bool]:
        denial = authorise(Action.LINK_ACCOUNT, person, None, load_directory(services, store))
        link = store.links.find_linked(person.id)
        return denial, link, live_session(services, link) is not None

    denial, link, is_live = await services.database.run(look)
    if denial is not None:
        await answer(services, delivery, render_denial(denial, Denied(wish=Action.LINK_ACCOUNT)))
        return
    if link is not None and is_live and isinstance(delivery, ClickDelivery):
        await answer(services, delivery, render_already_logged_in(link.npm_user))
        return
    if await is_frozen(services, delivery) or await _is_full(services, delivery, announce_in, login=True):
        return
    await begin_login(services, _login_of(person, link, announce_in))
    await answer(services, delivery, decisions.render_login_coming())


async def _is_full(services: Services, delivery: CommandDelivery | ClickDelivery, channel: str, *, login: bool) -> bool:
    """Tell somebody who, or whose channel, has had too many links that no other is made now; admins are people too."""
    now = services.clock.now()
    told = await services.database.run(lambda store: check_links(store, delivery.user, channel, login=login, now=now))
    if told is not None:
        await answer(services, delivery, told)
    return told is not None


def _login_of(person: Member, link: LinkRow | None, announce_in: str) -> LoginWanted:
    return LoginWanted(
        slack_user=person.id,
        slack_name=person.name,
        slack_email=person.email,
        npm_user=link.npm_user if link else "",
        announce_in="" if announce_in.startswith("D") else announce_in,
    )


async def log_out(services: Services, delivery: CommandDelivery) -> None:
    """`logout`: wipe the session, end it at npm, close the link."""

    def work(store: Store) -> tuple[str, SecretStr | None]:
        link = store.links.find_of(delivery.user)
        if link is None:
            return "", None
        session = live_session(services, link)
        now = services.clock.now()
        services.pocket.take(delivery.user)
        for handoff in store.handoffs.list_open_of(delivery.user):
            close_handoff(store, handoff, HandoffState.LOST, now)
        close_link(services, store, link, by=delivery.user, now=now)
        return link.npm_user, session

    npm_user, session = await services.database.run(work)
    if not npm_user:
        await answer(services, delivery, render_nothing_to_log_out())
        return
    ended = await end_session(services, session) if session else True
    await answer(services, delivery, render_logged_out(npm_user, ended_at_npm=ended))


async def tell_who(services: Services, delivery: CommandDelivery) -> None:
    """`whoami`."""

    def work(store: Store) -> Message:
        link = store.links.find_of(delivery.user)
        if link is None:
            return render_who_am_i(None)
        view = link_view(services, link)
        return render_who_am_i(view.model_copy(update={"windows": store.windows.list_of(link.id)}))

    await answer(services, delivery, await services.database.run(work))


async def put_off(services: Services, delivery: ClickDelivery) -> None:
    """[Later, at my computer]."""

    def work(store: Store) -> Message:
        handoff = store.handoffs.find_token(delivery.value)
        if (no := _not_theirs(handoff, delivery)) is not None or handoff is None:
            return no or decisions.render_never_issued()
        done = handoffs.put_off(services, store, handoff, services.clock.now())
        return decisions.render_later() if done else decisions.render_handoff_gone()

    await answer(services, delivery, await services.database.run(work))


async def be_ready(services: Services, delivery: ClickDelivery) -> None:
    """[I'm ready]: the person is present, so that a new link may be asked for."""

    def work(store: Store) -> tuple[Message, LoginWanted | None]:
        now = services.clock.now()
        if delivery.value.startswith("asked:"):
            return _ready_when_asked(services, store, delivery), None
        handoff = store.handoffs.find_token(delivery.value)
        if (no := _not_theirs(handoff, delivery)) is not None or handoff is None:
            return no or decisions.render_never_issued(), None
        resumed = handoffs.resume(store, handoff, now)
        if resumed is False:
            return decisions.render_handoff_gone(), None
        return decisions.render_ready(), resumed if isinstance(resumed, LoginWanted) else None

    if await is_frozen(services, delivery):
        return
    login, channel = await services.database.run(lambda store: _wanted_in(store, delivery.value))
    if await _is_full(services, delivery, channel, login=login):
        return
    message, wanted = await services.database.run(work)
    if wanted is not None:
        await begin_login(services, wanted)
    await services.database.run(lambda store: _close_renewed(services, store, delivery.value))
    services.bell.ring("lane", "handoffs", "surfaces")
    await answer(services, delivery, message)


def _wanted_in(store: Store, value: str) -> tuple[bool, str]:
    """Tell whether a renewed link would be one to log in, and the channel of what it would be for; empty: of none."""
    if value.startswith("asked:"):
        asked = store.surfaces.find(value)
        step_id = int(asked.key.split(":")[1]) if asked is not None else None
    else:
        handoff = store.handoffs.find_token(value)
        if handoff is not None and handoff.login:
            return True, handoff.announce_in
        step_id = handoff.step_id if handoff is not None else None
    if step_id is None:
        return False, ""
    return False, store.change_sets.load(store.change_sets.load_step(step_id).change_set_id).channel


def _close_renewed(services: Services, store: Store, token: str) -> None:
    """A newer link takes the place of one that was put off."""
    handoff = store.handoffs.find_token(token)
    if handoff is not None and handoff.state in {HandoffState.LATER, HandoffState.EXPIRED}:
        close_handoff(store, handoff, HandoffState.RENEWED, services.clock.now())


def _ready_when_asked(services: Services, store: Store, delivery: ClickDelivery) -> Message:
    """Somebody whose account executes what others approved is present."""
    asked = store.surfaces.find(delivery.value)
    if asked is None or asked.channel != delivery.user:
        return decisions.render_never_issued()
    now = services.clock.now()
    link = store.links.find_linked(delivery.user)
    store.surfaces.touch(delivery.value, now)
    if link is None or not is_asked(store, asked):
        return decisions.render_handoff_gone()
    handoffs.set_present(store, link, now)
    return decisions.render_ready()


async def disown(services: Services, delivery: ClickDelivery) -> None:
    """[Not me]."""

    def work(store: Store) -> tuple[Message, SecretStr | None]:
        handoff = store.handoffs.find_token(delivery.value)
        if (no := _not_theirs(handoff, delivery)) is not None or handoff is None:
            return no or decisions.render_never_issued(), None
        session = handoffs.disown(services, store, handoff, services.clock.now())
        return decisions.render_disowned(), session

    message, session = await services.database.run(work)
    if session is not None:
        await end_session(services, session)
    await answer(services, delivery, message)


def _not_theirs(handoff: HandoffRow | None, delivery: ClickDelivery) -> Message | None:
    if handoff is None:
        return decisions.render_never_issued()
    return decisions.render_not_your_link() if handoff.slack_user != delivery.user else None


async def confirm_link(services: Services, delivery: ClickDelivery) -> None:
    """[Confirm]: an admin says that a Slack person and an npm user are the same."""
    await _decide_link(services, delivery, is_same=True)


async def refuse_link(services: Services, delivery: ClickDelivery) -> None:
    """[Refuse]."""
    await _decide_link(services, delivery, is_same=False)


async def _decide_link(services: Services, delivery: ClickDelivery, *, is_same: bool) -> None:
    person = await load_person(services, delivery.user)

    def work(store: Store) -> Message:
        link = store.links.find_token(delivery.value)
        if link is None:
            return decisions.render_never_issued()
        now = services.clock.now()
        denial = authorise(Action.CONFIRM_LINK, person, link, load_directory(services, store))
        if denial is not None:
            store.audit.add(AuditKind.DENIED, actor=person.id, at=now, action=Action.CONFIRM_LINK, why=denial)
            store.surfaces.touch(f"link_request:{link.id}", now)
            if denial is Denial.CHANGED:
                return decisions.render_link_decided_already()
            return render_denial(denial, Denied(wish=Action.CONFIRM_LINK))
        if is_same and store.links.find_npm_user(link.npm_user) is not None:
            refuse(services, store, link, by=person.id, now=now)
            store.surfaces.touch(f"link_request:{link.id}", now)
            return decisions.render_npm_user_taken(link.npm_user)
        if is_same:
            prove(services, store, link, proof="", by=person.id, now=now)
        else:
            refuse(services, store, link, by=person.id, now=now)
        store.surfaces.touch(f"link_request:{link.id}", now)
        return decisions.render_link_decision(is_same=is_same)

    message = await services.database.run(work)
    link = await services.database.run(lambda store: store.links.find_token(delivery.value))
    if link is not None and is_same:
        await invite_linked(services, link.slack_user)
    services.bell.ring("surfaces")
    await answer(services, delivery, message)
