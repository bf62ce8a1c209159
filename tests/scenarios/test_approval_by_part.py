"""Deciding on several steps: a form shows each person theirs, and what they send counts for exactly that."""

from http import HTTPStatus
from urllib.parse import unquote

import pytest

from bot.sandbox.cast import SeedPackage
from bot.sandbox.world import Actor, World
from tests.scenarios.asking import creates, link_olga, people, request_of

pytestmark = pytest.mark.anyio

KITS = tuple(f"@acme/kit-{number}" for number in range(1, 5))
ODD = "@acme/odd"
BOTH = ("otto-npm", "olga-npm")
LINE = f"github {' '.join((*KITS, ODD))} --repo acme/mono --file release.yml --allow-publish"


async def ask_for_five(world: World) -> tuple[Actor, Actor, Actor, Actor]:
    """Rita asks for four packages of one repository, and for one that lives elsewhere by its own data."""
    for name in KITS:
        world.registry.add_package(SeedPackage(name, BOTH, "acme/mono"))
    world.registry.add_package(SeedPackage(ODD, BOTH, "acme/elsewhere"))
    cast = people(world)
    await cast[1].links_account()
    await cast[0].says(LINE)
    return cast


async def test_a_person_approves_what_is_ticked_and_the_rest_stays_in_review(world: World) -> None:
    rita, otto, _, sam = await ask_for_five(world)
    assert "First I must know which npm user you are" in await sam.clicks("Approve…")
    assert "You asked for C-1 yourself" in await rita.clicks("Approve…")
    await otto.clicks("Approve…")
    shown = otto.reads_form()
    assert "Yours to decide on: 5 packages, in 2 groups; 4 ticked." in shown
    assert "⚠️ 1 package needs a look: on top, unticked." in shown
    assert shown.index(ODD) < shown.index("@acme/kit-1 and 3 more")
    assert "The package itself names another repository: acme/elsewhere." in shown
    assert otto.form() == {"group-0": [], "group-1": ["yes"]}
    listed = await otto.clicks_form("Packages", group_0=["yes"])
    assert all(name in listed for name in KITS)
    assert ODD not in listed
    await otto.clicks_form("Back")
    assert otto.form() == {"group-0": ["yes"], "group-1": ["yes"]}  # what was ticked before stays so
    assert await otto.submits(group_0=[]) == {}
    assert "Your approval of 4 packages of C-1 counts." in otto.reads()
    assert "Still in review, of yours: 1 package." in otto.reads()
    await otto.confirms(remember=True)
    for _ in range(5):
        await world.advance(seconds=10)
    assert [call.package for call in world.registry.accepted_creates] == list(KITS)
    assert "4 done, 1 in review" in request_of(world)
    await otto.clicks("Approve…")
    assert otto.form() == {"group-0": []}
    assert await otto.submits() == {}
    assert "Nothing was ticked, so nothing of C-1 was decided." in otto.reads()
    assert creates(world) == len(KITS)


async def test_two_people_share_the_work_each_with_their_own_account(world: World) -> None:
    _, otto, olga, _ = await ask_for_five(world)
    await link_olga(world)
    await otto.clicks("Approve…")
    await olga.clicks("Approve…")
    await otto.submits(group_0=[], group_1=["yes"])
    assert "Still in review, of yours: 1 package" in otto.reads()
    await olga.submits(group_0=["yes"], group_1=["yes"])
    assert "Your approval of 1 package of C-1 counts." in olga.reads()  # the others ran already without hers
    assert "Decided in the meantime: 4 packages." in olga.reads()
    await olga.logs_in()
    await olga.confirms(remember=True)
    for _ in range(3):
        await world.advance(seconds=10)
    await otto.confirms(remember=True)
    for _ in range(5):
        await world.advance(seconds=10)
    made = [call for call in world.trust_calls() if call.status == HTTPStatus.CREATED]
    ran = {(unquote(call.path.split("/")[3]), call.npm_user) for call in made}
    assert ran == {(ODD, "olga-npm"), *((name, "otto-npm") for name in KITS)}


async def test_what_changed_while_the_form_was_open_is_not_counted(world: World) -> None:
    _, otto, _, _ = await ask_for_five(world)
    olga = await link_olga(world)
    await olga.links_account()
    await otto.says(LINE.replace("release.yml", "other.yml"))  # npm tells his account who can write
    await olga.clicks("Approve…")
    world.registry.add_package(SeedPackage(KITS[1], ("olga-npm", "mallory-npm"), "acme/mono"))
    assert await olga.submits() == {}
    told = olga.reads()
    assert "4 packages of C-2 changed while the form was open, so nothing of it was counted." in told
    assert "npm's maintainers of @acme/kit-2 changed" in told
    assert "mallory-npm" in told
    assert "5 in review" in request_of(world, 2)
    await olga.clicks("Approve…")
    shown = olga.reads_form()
    assert shown.index("🔁 Back in review: npm's maintainers of @acme/kit-2 changed") < shown.index("@acme/kit-1 and")
    assert olga.form() == {"group-0": [], "group-1": [], "group-2": ["yes"]}
    await olga.submits()
    assert "Your approval of 3 packages of C-2 counts." in olga.reads()


async def test_a_part_is_rejected_with_its_reason_and_an_approval_is_withdrawn_from_the_rest(world: World) -> None:
    rita, otto, olga, _ = await ask_for_five(world)
    await link_olga(world)
    await olga.clicks("Reject…")
    assert olga.form() == {"reason": "", "group-0": ["yes"], "group-1": []}  # what needs a look is what is meant
    assert "Please complete this required field" in (await olga.submits(reason=""))["reason"]
    assert "Say why" in (await olga.submits(reason=" "))["reason"]
    await olga.submits(reason="not ours")
    assert "1 package of C-1 rejected, with your reason in the channel." in olga.reads()
    assert '"not ours"' in request_of(world)
    await rita.clicks("Revise…", about="C-1")
    form = rita.form()
    assert (form["packages"], form["repo"], form["permissions"]) == (ODD, "acme/mono", ["createPackage"])
    assert await rita.submits(repo="acme/elsewhere", packages=ODD) == {}
    assert "acme/elsewhere → release.yml" in request_of(world, 2)
    await otto.clicks("Approve…", about="C-1")
    await otto.submits()
    assert "Your approval of 4 packages of C-1 counts." in otto.reads()
    assert "Your approval of C-1 is withdrawn." in await otto.clicks("Withdraw")
    assert "4 in review" in request_of(world)
    assert "C-1 is cancelled" in await rita.clicks("Cancel", about="C-1")
    assert "Cancelled by @rita" in request_of(world)
    assert not creates(world)


async def test_all_that_was_rejected_is_revised_in_one_form(world: World) -> None:
    """Alike and new: the form of the provider; held, revoked, replaced, or not alike: lines in the form for many."""
    rita, otto, _, _ = await ask_for_five(world)
    await otto.clicks("Reject…")
    await otto.submits(reason="name the environment", group_0=["yes"], group_1=["yes"])
    await rita.clicks("Revise…", about="C-1")
    assert rita.form()["packages"] == " ".join((*KITS, ODD))
    assert await rita.submits(environment="npm") == {}
    assert "Environment: npm" in request_of(world, 2)
    old = world.registry.add_configuration(ODD, "github", {"repository": "acme/old", "workflow_ref": {"file": "r.yml"}})
    lines = (
        f"github {KITS[0]} {KITS[1]} --repo acme/mono --file one.yml --allow-publish",
        f"replace {KITS[2]} --from-repo acme/old with github --repo acme/mono --file two.yml --allow-publish",
        f"revoke {ODD} --id {old}",
    )
    await rita.says("bulk")
    await rita.submits(lines="\n".join(lines), reason="tidy up", hold=["hold"])
    await rita.submits()
    await rita.clicks("Ask for 4", "dm")
    await otto.clicks("Reject…", about="C-3")
    await otto.submits(reason="not so", **otto.every_box())
    await rita.clicks("Revise…", about="C-3")
    form = rita.form()
    assert (form["lines"], form["reason"], form["hold"]) == ("\n".join(lines), "tidy up", ["hold"])
    await rita.submits(lines=lines[2])
    assert "1 package can go on" in rita.reads_form()
