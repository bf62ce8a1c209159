"""Every name by which Slack tells us what a person did."""

from enum import StrEnum


class Action(StrEnum):
    """The action_id of a button. The comment says what its value stands for."""

    APPROVE = "approve"
    """An offer: the content that the message showed. So for each down to `LOOK`."""
    REJECT = "reject"
    WITHDRAW = "withdraw"
    DETAILS = "details"
    CANCEL = "cancel"
    RUN_WITH_MY_ACCOUNT = "run_with_my_account"
    LOOK = "look"
    CHOOSE = "choose"
    """An offer, one of its steps, and one of several configurations there."""
    REPLACE = "replace"
    """An offer and one of its steps, which ended in a conflict."""
    LINK_ACCOUNT = "link_account"
    """An offer, or nothing where it stands in an answer."""
    HANDOFF_LATER = "handoff_later"
    """A handoff; so for the next three."""
    HANDOFF_READY = "handoff_ready"
    HANDOFF_NOT_ME = "handoff_not_me"
    HANDOFF_SCRIPT = "handoff_script"
    SCRIPT_RAN = "script_ran"
    """A script."""
    CONFIRM_LINK = "confirm_link"
    """An account link; so for the next."""
    REFUSE_LINK = "refuse_link"
    EDIT = "edit"
    """A draft of a form."""
    OPEN_NPM = "open_npm"
    """Leads out to npm: Slack sends the press all the same, to be acknowledged and forgotten. So for the next two."""
    OPEN_PACKAGE = "open_package"
    OPEN_ACCESS = "open_access"
    REFRESH_COVERAGE = "refresh_coverage"
    """A coverage."""
    SET_UP = "set_up"
    """A package of a digest; so for the next three."""
    SNOOZE = "snooze"
    RETIRE = "retire"
    BRING_BACK = "bring_back"
    ACKNOWLEDGE = "acknowledge"
    """An alarm."""


class Callback(StrEnum):
    """The callback_id of a form."""

    OPERATION = "operation"
    REJECT = "reject"
    ACKNOWLEDGE = "acknowledge"
    REPLACE = "replace"


class Field(StrEnum):
    """The block_id of a form's field. Those of a provider are the names of its flags."""

    PACKAGES = "packages"
    PERMISSIONS = "permissions"
    REASON = "reason"


FIELD_ACTION = "value"
"""The action_id within each field of a form."""
