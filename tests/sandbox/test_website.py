import re
from urllib.parse import urlencode

import pytest

from bot.sandbox.cast import SeedPackage
from tests.sandbox.registry_world import TRUST_OF_UI, RegistryWorld, Reply, github

pytestmark = pytest.mark.anyio

FORM = {"content-type": "application/x-www-form-urlencoded"}


async def start_login(world: RegistryWorld) -> tuple[str, str]:
    started = (await world.call("POST", "/-/v1/login", json={})).json
    return world.path_of(started["loginUrl"]), world.path_of(started["doneUrl"])


async def be_challenged(world: RegistryWorld, token: str) -> tuple[str, str]:
    challenged = (await world.call("GET", TRUST_OF_UI, token=token)).json
    return world.path_of(challenged["authUrl"]), world.path_of(challenged["doneUrl"])


async def press(world: RegistryWorld, page: str, **fields: str) -> Reply:
    return await world.call("POST", page, json=urlencode(fields).encode(), headers=FORM)


async def test_the_login_page_offers_every_account_and_no_box(world: RegistryWorld) -> None:
    page = await world.call("GET", (await start_login(world))[0])
    assert page.status == 200
    assert "Simulated npm &ndash; sandbox" in page.text
    assert set(re.findall(r'value="([\w-]+-npm)"', page.text)) == set(world.registry.state.accounts)
    assert "5 minutes" not in page.text
    assert "checked" not in page.text


async def test_pages_allow_no_script_and_no_foreign_content(world: RegistryWorld) -> None:
    page = await world.call("GET", (await start_login(world))[0])
    policy = page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "form-action 'self'" in policy
    assert "<script" not in page.text


async def test_a_press_on_the_login_page_logs_in(world: RegistryWorld) -> None:
    page, done = await start_login(world)
    assert (await press(world, page, npm_user="olga-npm", answer="confirm")).status == 200
    token = (await world.call("GET", done)).json["token"]
    assert (await world.call("GET", "/-/whoami", token=token)).json == {"username": "olga-npm"}


async def test_the_ticked_box_opens_the_window(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    page, _ = await be_challenged(world, token)
    shown = (await world.call("GET", page)).text
    assert "do not ask again for 5 minutes" in shown
    assert 'value="otto-npm" required checked' in shown
    assert (await press(world, page, npm_user="otto-npm", answer="confirm", remember="on")).status == 200
    assert (await world.call("GET", TRUST_OF_UI, token=token)).status == 200


async def test_only_the_account_of_the_session_confirms(world: RegistryWorld) -> None:
    token = world.registry.open_session("otto-npm")
    page, done = await be_challenged(world, token)
    refused = await press(world, page, npm_user="sam-npm", answer="confirm", remember="on")
    assert "This must be confirmed by otto-npm; you are logged in as sam-npm." in refused.text
    assert (await world.call("GET", done)).status == 202
    assert (await press(world, page, npm_user="otto-npm", answer="confirm")).status == 200


async def test_refusing_ends_the_link(world: RegistryWorld) -> None:
    page, done = await be_challenged(world, world.registry.open_session("otto-npm"))
    assert "Nothing was confirmed" in (await press(world, page, answer="refuse")).text
    assert (await world.call("GET", done)).status == 404


async def test_the_methods_do_what_the_buttons_do(world: RegistryWorld) -> None:
    page, done = await be_challenged(world, world.registry.open_session("otto-npm"))
    url = world.registry.url + page
    assert not world.registry.confirm(url, "sam-npm").accepted
    assert not world.registry.log_in(url, "otto-npm").accepted
    assert world.registry.refuse(url).accepted
    assert (await world.call("GET", done)).status == 404


@pytest.mark.parametrize(
    "fields", [{}, {"answer": "maybe"}, {"answer": "confirm"}, {"answer": "confirm", "npm_user": "<b>"}]
)
async def test_a_press_that_says_nothing_changes_nothing(world: RegistryWorld, fields: dict[str, str]) -> None:
    page, done = await start_login(world)
    answer = await press(world, page, **fields)
    assert 'role="alert"' in answer.text
    assert "<b>" not in answer.text
    assert (await world.call("GET", done)).status == 202


async def test_used_unknown_and_expired_links_have_a_clear_page(world: RegistryWorld) -> None:
    page, _ = await start_login(world)
    await press(world, page, npm_user="otto-npm", answer="confirm")
    for _ in range(2):
        used = await press(world, page, npm_user="sam-npm", answer="confirm")
        assert (used.status, "was used already" in used.text) == (404, True)
    late, done = await start_login(world)
    world.clock.advance(minutes=5)
    assert "has expired" in (await world.call("GET", late)).text
    assert (await press(world, late, npm_user="otto-npm", answer="confirm")).status == 404
    assert (await world.call("GET", done)).status == 404
    for unknown in ("/login/cli/nothing", page.replace("login", "auth"), "/auth/cli/%3Cb%3E"):
        answer = await world.call("GET", unknown)
        assert (answer.status, "is not known here" in answer.text) == (404, True)


async def test_the_page_of_a_package_shows_its_configurations(world: RegistryWorld) -> None:
    created = world.registry.add_configuration("@acme/ui", "github", github(environment="<i>")["claims"])
    for path in ("/package/@acme/ui", "/package/@acme%2fui", "/package/@acme/ui/access"):
        page = await world.call("GET", path)
        assert page.status == 200
        for text in (created, "acme/ui", "release.yml", "&lt;i&gt;", "publish, stage publish"):
            assert text in page.text


async def test_hostile_names_are_only_text(world: RegistryWorld) -> None:
    hostile = '"><script>alert(1)</script>'
    world.registry.add_package(SeedPackage(hostile, (hostile,)))
    login, _ = await start_login(world)
    for path in (login, "/package/%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/package/%3Cscript%3E"):
        assert "<script" not in (await world.call("GET", path)).text
