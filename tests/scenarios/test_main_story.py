import pytest

from bot.sandbox.cast import OWNER, REQUESTER
from bot.sandbox.world import World

pytestmark = pytest.mark.anyio

LINE = "github @acme/ui --repo acme/ui --file release.yml --reason 'drop tokens'"


async def test_a_request_is_approved_confirmed_with_npm_and_stands_in_the_registry(world: World) -> None:
    rita, otto = world.person(REQUESTER), world.person(OWNER)
    print(await rita.says(LINE))
    print("----"); print(otto.reads_all())
    print(await otto.clicks("I maintain this"))
    print("---- dm"); print(otto.reads_all("dm"))
    await otto.logs_in()
    print("---- dm"); print(otto.reads_all("dm"))
    print("----"); print(otto.reads_all())
    print(await otto.clicks("Approve"))
    print("---- dm"); print(otto.reads_all("dm"))
    await otto.confirms()
    print("---- dm"); print(otto.reads_all("dm"))
    print("----"); print(otto.reads_all())
    assert world.registry.configurations("@acme/ui")
