"""Loading what the DM with a link of npm's shows, from committed rows; the same work for two steps and ten thousand."""

from bot.domain.overview import HandoffState, HandoffView
from bot.domain.pacing import confirmations_for
from bot.domain.windows import Asking, Method
from bot.messages.wording import request_words
from bot.services import Services
from bot.workflow.lane import OPERATION
from bot.workflow.lane_state import pace_of
from bot.workflow.script_steps import list_scriptable
from bot.workflow.windows import asking_of
from storage.account_models import HandoffRow
from storage.line import Share
from storage.models import ChangeSetRow, ReadRow
from storage.sealed import about_auth_url
from storage.store import Store

_MOST_WAITS = 20
"""As many change sets are told of by name that a login is waited for."""


def handoff_view(services: Services, store: Store, handoff: HandoffRow) -> HandoffView:
    """Load a handoff as its DM shows it."""
    state = HandoffState(handoff.state)
    is_open = state is HandoffState.OPEN
    step = store.change_sets.load_step(handoff.step_id) if handoff.step_id is not None else None
    change_set = store.change_sets.load(step.change_set_id) if step else None
    decision = store.decisions.find_of(step.id, handoff.slack_user) if step else None
    method = Method.LIST if handoff.looks or step is None else Method(step.lifecycle.call.value)
    asking = asking_of(store, store.links.find_linked(handoff.slack_user), method)
    view = HandoffView(
        id=handoff.token,
        login=handoff.login,
        state=state,
        url=_link_of(services, handoff) if is_open else "",
        host=handoff.host,
        expires_at=handoff.expires_at,
        npm_user=handoff.npm_user,
        what=purpose_of(store, handoff),
        change_set=change_set.number if change_set else None,
        requester=change_set.requester if change_set else "",
        decided_at=decision.at if decision and decision.approved else None,
        asking=asking,
        looks=handoff.looks,
        outcome=handoff.outcome,
    )
    if state is HandoffState.DONE and not handoff.login:
        return view.model_copy(update=_outlook(services, store, handoff, change_set))
    if not is_open:
        return view
    update: dict[str, object] = {"waits": _waiting_for_login(store, handoff) if handoff.login else ()}
    if not handoff.login:
        update |= _outlook(services, store, handoff, change_set)
        update["scriptable"] = _scriptable(services, store, handoff) if asking is Asking.EACH else 0
    return view.model_copy(update=update)


def _outlook(
    services: Services, store: Store, handoff: HandoffRow, change_set: ChangeSetRow | None
) -> dict[str, object]:
    """Count the calls that wait for this person, this one included, and how often they will have to confirm."""
    calls = store.line.count_calls(handoff.slack_user)
    calls = max(1, calls + store.line.count_reads(handoff.slack_user))
    left = store.line.count_calls(handoff.slack_user, change_set.id) if change_set else 0
    return {
        "calls": calls,
        "left": min(left, calls),
        "done": store.line.count_done(handoff.slack_user, change_set.id) if change_set else 0,
        "confirmations": confirmations_for(calls, pace_of(services, store, handoff.npm_user)),
    }


def _link_of(services: Services, handoff: HandoffRow) -> str:
    return services.vault.unseal(handoff.sealed_auth_url, about_auth_url(handoff)).get_secret_value()


def _waiting_for_login(store: Store, handoff: HandoffRow) -> tuple[str, ...]:
    """Say what goes on when this person has logged in."""
    shares = store.line.list_shares(handoff.slack_user, _MOST_WAITS)
    reads = store.reads.list_waiting_for(handoff.slack_user)
    return (
        *(_share_words(store, share) for share in shares),
        *(_reading_words(store, read, "reading") for read in reads),
    )


def _reading_words(store: Store, read: ReadRow, verb: str = "read") -> str:
    survey = store.surveys.load(read.survey_id) if read.survey_id is not None else None
    left = survey.total - survey.done - survey.failed if survey else 1
    return f"{verb} the configurations of {f'{left} packages' if left > 1 else read.package}"


def _share_words(store: Store, share: Share) -> str:
    number = store.change_sets.load(share.change_set_id).number
    first = request_words(OPERATION.validate_json(store.change_sets.load_step(share.first_step).operation))
    return f"C-{number} ({first}{f', and {share.steps - 1} more' if share.steps > 1 else ''})"


def purpose_of(store: Store, handoff: HandoffRow) -> str:
    """Say what a link is for, plain; empty for a login."""
    if handoff.step_id is not None:
        return request_words(OPERATION.validate_json(store.change_sets.load_step(handoff.step_id).operation))
    if handoff.read_id is not None:
        return _reading_words(store, store.reads.load(handoff.read_id))
    return ""


def _scriptable(services: Services, store: Store, handoff: HandoffRow) -> int:
    """Count the calls that are offered for the own terminal: for one alone a link is less trouble."""
    if handoff.looks or handoff.step_id is None:
        return 0
    number = len(list_scriptable(services, store, handoff.slack_user))
    return number if number > 1 else 0
