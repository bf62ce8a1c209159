import json
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.domain.preflight import Look, Place
from bot.domain.publishers import Provider
from bot.domain.workflow_files import Part, Reference, SeenFile
from bot.forge.contents import MOST_LETTERS, MOST_NODES, Allowance
from bot.forge.documents import read_document
from storage.database import Database
from storage.preflight_models import LookRow
from storage.store import Store
from tests.storage.conftest import NOW

pytestmark = pytest.mark.anyio

PLACE = Place(provider=Provider.GITHUB, repository="acme/ui", file="release.yml")
CALLED = SeenFile(
    reference=Reference(part=Part.WORKFLOW, repository="acme/ci", ref="v1", path=".github/workflows/publish.yml"),
    document={"on": "workflow_call"},
)
SEEN = Look(found=True, document={"on": "push"}, files=(CALLED,))


async def save(database: Database, look: Look) -> None:
    await database.run(lambda store: store.looks.save(PLACE, look, until=NOW + timedelta(hours=1), now=NOW))


async def find(database: Database, minutes: int = 0) -> Look | None:
    return await database.run(lambda store: store.looks.find(PLACE, NOW + timedelta(minutes=minutes)))


async def test_what_was_seen_counts_for_an_hour_with_what_it_refers_to(database: Database) -> None:
    await save(database, SEEN)
    assert await find(database, 59) == SEEN
    assert await find(database, 60) is None
    await save(database, Look(found=True))
    assert await find(database) == Look(found=True)


async def test_a_row_of_another_version_is_read_as_far_as_it_can_be(database: Database) -> None:
    def rewrite(store: Store, **changes: object) -> None:
        content = json.loads(SEEN.model_dump_json(exclude={"files"})) | changes
        store._session.execute(  # noqa: SLF001 -- as a version of ours would have written it
            update(LookRow).values(content=json.dumps(content))
        )

    await save(database, SEEN)
    await database.run(rewrite)
    assert await find(database) == SEEN.model_copy(update={"files": ()})
    await database.run(lambda store: rewrite(store, of_a_later_version=[1]))
    assert await find(database) is None


def test_a_row_stays_small_whatever_a_file_says() -> None:
    wide = (
        "a: &a [" + "'', " * 900 + "]\nb: [" + "*a, " * (MOST_NODES // 902 - 2) + "]\nc: &c '" + "\U0001f642" * 10_000
    )
    wide += "'\nd: [" + "*c, " * (MOST_LETTERS // 10_000 - 2) + "]\n"
    document = read_document(wide, Allowance())
    files = (CALLED.model_copy(update={"document": document}),)
    assert len(Look(found=True, document=document, files=files).model_dump_json().encode()) < 6 * 1024 * 1024
