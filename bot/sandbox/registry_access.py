"""The calls of the simulated registry about who may do what: organisations, teams, users and collaborators."""

from dataclasses import replace
from http import HTTPStatus

from bot.sandbox.registry_state import Organisation, RegistryState, Team
from bot.sandbox.registry_trust import FORBIDDEN_TEXT, challenge
from bot.sandbox.registry_wire import NOT_FOUND, UNAUTHORIZED, Answer, Call, parse_json, refuse

_NO_MEMBER_TEXT = "You are not a member of this organization."


def list_packages_of_organisation(state: RegistryState, call: Call, organisation: str) -> Answer:
    """Answer `/-/org/ORGANISATION/package`: with all that the caller may see of it."""
    if call.session is None:
        return UNAUTHORIZED
    found = {
        name: state.right_of(call.session.npm_user, package) or "read"
        for name, package in state.packages.items()
        if name.startswith(f"@{organisation}/") and state.find_package(name, call.session)
    }
    return Answer(HTTPStatus.OK, found) if found else NOT_FOUND


def list_packages_of_user(state: RegistryState, call: Call, npm_user: str) -> Answer:
    """Answer `/-/user/NAME/package`: with what that user may change, and the caller may see."""
    if call.session is None:
        return UNAUTHORIZED
    if npm_user not in state.accounts:
        return NOT_FOUND
    rights = {
        name: state.right_of(npm_user, package)
        for name, package in state.packages.items()
        if state.find_package(name, call.session)
    }
    return Answer(HTTPStatus.OK, {name: right for name, right in rights.items() if right})


def list_packages_of_team(state: RegistryState, call: Call, path: str) -> Answer:
    """Answer `/-/team/ORGANISATION/TEAM/package`."""
    team = _find_team(state, call, path)
    if isinstance(team, Answer):
        return team
    return Answer(HTTPStatus.OK, {name: right for name, right in team.packages.items() if name in state.packages})


def list_members_of_team(state: RegistryState, call: Call, path: str) -> Answer:
    """Answer `/-/team/ORGANISATION/TEAM/user`."""
    team = _find_team(state, call, path)
    return team if isinstance(team, Answer) else Answer(HTTPStatus.OK, list(team.members))


def list_teams(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `/-/org/ORGANISATION/team`."""
    organisation = _find_organisation(state, call, name)
    if isinstance(organisation, Answer):
        return organisation
    return Answer(HTTPStatus.OK, [f"{name}:{team}" for team in organisation.teams])


def list_members(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `/-/org/ORGANISATION/user`."""
    organisation = _find_organisation(state, call, name)
    return organisation if isinstance(organisation, Answer) else Answer(HTTPStatus.OK, organisation.members)


def list_collaborators(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `/-/package/NAME/collaborators`: who may do what by maintaining it or by a team."""
    package = state.find_package(name, call.session)
    if package is None:
        return NOT_FOUND
    known = dict.fromkeys([*package.seed.maintainers, *state.accounts])
    rights = {npm_user: state.right_of(npm_user, package) for npm_user in known}
    return Answer(HTTPStatus.OK, {npm_user: right for npm_user, right in rights.items() if right})


def tell_visibility(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `/-/package/NAME/visibility`."""
    package = state.find_package(name, call.session)
    return Answer(HTTPStatus.OK, {"public": not package.seed.private}) if package else NOT_FOUND


def set_access(state: RegistryState, call: Call, name: str) -> Answer:
    """Answer `POST /-/package/NAME/access`: `npm access set`, with the second factor as npm asks for it."""
    refused = challenge(state, call)
    if refused is not None or call.session is None:
        return refused or UNAUTHORIZED
    package = state.find_package(name, call.session)
    if package is None:
        return NOT_FOUND
    if not state.can_write(call.session, package):
        return refuse(HTTPStatus.FORBIDDEN, FORBIDDEN_TEXT)
    wanted = parse_json(call.body)
    match wanted:
        case {"access": "public" | "restricted" as access}:
            package.seed = replace(package.seed, private=access == "restricted")
        case {"publish_requires_tfa": bool()} if all(isinstance(value, bool) for value in wanted.values()):
            package.access = dict(wanted)
        case _:
            return refuse(HTTPStatus.BAD_REQUEST, '"value" must be a setting of access or of two-factor authentication')
    return Answer(HTTPStatus.OK, {}, note=f"set {wanted}")


def _find_organisation(state: RegistryState, call: Call, name: str) -> Organisation | Answer:
    """Find an organisation that the caller is a member of."""
    if call.session is None:
        return UNAUTHORIZED
    organisation = state.organisations.get(name)
    if organisation is None:
        return NOT_FOUND
    if call.session.npm_user not in organisation.members:
        return refuse(HTTPStatus.FORBIDDEN, _NO_MEMBER_TEXT)
    return organisation


def _find_team(state: RegistryState, call: Call, path: str) -> Team | Answer:
    name, _, team = path.partition("/")
    organisation = _find_organisation(state, call, name)
    if isinstance(organisation, Answer):
        return organisation
    return organisation.teams.get(team, NOT_FOUND)
