"""Which use case a button is for."""

from collections.abc import Awaitable, Callable, Mapping

from bot.domain.deliveries import ClickDelivery
from bot.messages.ids import Action
from bot.services import Services
from bot.workflow import accounts, alarms, coverage, overviews, put_aside, replace, review, review_more, scripts

BY_ACTION: Mapping[Action, Callable[[Services, ClickDelivery], Awaitable[None]]] = {
    Action.APPROVE: review.approve,
    Action.REJECT: review_more.open_reject_form,
    Action.WITHDRAW: review_more.withdraw,
    Action.DETAILS: overviews.tell_details,
    Action.CANCEL: review.cancel_offer,
    Action.RUN_WITH_MY_ACCOUNT: review_more.run_with_my_account,
    Action.LOOK: review_more.look,
    Action.CHOOSE: replace.choose,
    Action.REPLACE: replace.open_form,
    Action.LINK_ACCOUNT: accounts.link_from_button,
    Action.HANDOFF_LATER: accounts.put_off,
    Action.HANDOFF_READY: accounts.be_ready,
    Action.HANDOFF_NOT_ME: accounts.disown,
    Action.HANDOFF_SCRIPT: scripts.hand_out,
    Action.SCRIPT_RAN: scripts.settle,
    Action.CONFIRM_LINK: accounts.confirm_link,
    Action.REFUSE_LINK: accounts.refuse_link,
    Action.REFRESH_COVERAGE: coverage.refresh,
    Action.SET_UP: put_aside.set_up,
    Action.SNOOZE: put_aside.snooze,
    Action.RETIRE: put_aside.retire,
    Action.BRING_BACK: put_aside.bring_back,
    Action.ACKNOWLEDGE: alarms.open_acknowledge_form,
}
