"""One command in two ways, by the real npm and by the bot, and the requests that a recording registry got of each."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from bot.clock import Clock
from bot.domain.command_parser import parse_command
from bot.domain.commands import ListTrust, Misunderstood, RevokeTrust, SetUp
from bot.domain.lifecycle import Phase
from bot.domain.mistakes import Mistake
from bot.domain.operations import Create, Operation, Revoke, revoked_id_of, target_of
from bot.domain.outcome import Challenged, ReadAnswer, WriteAnswer
from bot.domain.packages import PackageName
from bot.domain.publishers import PROVIDERS, Configuration
from bot.registry import Done, RegistryClient
from bot.workflow.lane import OPERATION
from tests.registry.npm_differences import is_explained
from tests.registry.npm_words import Asked
from tests.registry.real_npm import Outcome, RealNpm
from tests.registry.recorder import Answer, Recorder, Seen, answer_json

SESSION, PASSWORD = "npm_session", "otp-from-web"

_DEADLINE = 10.0
_OWN_HEADERS = frozenset({"host", "connection", "user-agent"})
"""Of the connection, and the one that says who asks."""
_PLAIN = re.compile(r"[\w@/.:=,+~!()*-]+", re.ASCII)
_FLAG = re.compile(r"(--[a-z-]+=)(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as far as npm and the bot must agree on it: in all but who sent it."""

    method: str
    path: str
    """Raw."""
    body: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Refused:
    """Nothing was sent."""

    why: str


def type_in_slack(words: Sequence[str]) -> str:
    """Write words as a person types them, and as Slack hands on what was typed."""
    line = " ".join(map(_type_word, words))
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _type_word(word: str) -> str:
    if _PLAIN.fullmatch(word):
        return word
    flag = _FLAG.fullmatch(word)
    name, value = flag.groups() if flag else ("", word)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}"{escaped}"'


class BothWays:
    """The two clients, and the registry that only records."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def start(self) -> None:
        self._recorder = Recorder()
        await self._recorder.start()
        url = self._recorder.url
        self._client = RegistryClient(url, auth_hosts=frozenset({"www.npmjs.com"}), clock=Clock(), version="1.2.3")
        self.npm = RealNpm(self._folder, registry=url, session=SESSION)

    async def stop(self) -> None:
        await self._client.close()
        await self.npm.stop()
        await self._recorder.stop()

    async def ask_npm(self, words: Sequence[str], *, challenged: bool = False) -> tuple[Sent, ...] | Refused:
        """Run `npm trust …`; under a challenge in a terminal, where npm waits for the confirmation."""
        self.expect(challenged=challenged)
        outcome = await self.npm.run(["trust", *words], in_terminal=challenged)
        return self._what_came(outcome)

    async def ask_bot(self, words: Sequence[str], *, challenged: bool = False) -> tuple[Sent, ...] | Refused:
        """Do what the bot does with `/npmtrust …`, from the text to the registry."""
        self.expect(challenged=challenged)
        command = parse_command(type_in_slack(["npm", "trust", *words]))
        match command:
            case SetUp():
                publisher = PROVIDERS[command.provider].build(command.fields)
                if isinstance(publisher, Mistake):
                    return Refused(publisher.what)
                for package in () if command.dry_run else command.packages:
                    await self._create(Create(package=package, publisher=publisher, permissions=command.permissions))
            case RevokeTrust():
                configuration = Configuration(id=command.configuration_id, type="github")
                for package in () if command.dry_run else command.packages:
                    await self._revoke(Revoke(package=package, configuration=configuration))
            case ListTrust():
                for package in command.packages:
                    await self._list(package)
            case Misunderstood():
                return Refused(command.mistakes[0].what)
            case _:
                return Refused(f"This is {command.verb}.")
        return self._what_came(Outcome(failed=False, told="nothing was sent"))

    def expect(self, *, challenged: bool) -> None:
        """Forget what was sent; answer to the next call, and to what follows from it."""
        # npm keeps what it may keep of an answer, and would not ask again.
        done = answer_json([], cache_control="no-store")
        self._recorder.will_answer(*(self._challenge() if challenged else ()), done)

    def what_was_sent(self, *, user_agent: bool = False) -> tuple[Sent, ...]:
        leave_out = _OWN_HEADERS - {"user-agent"} if user_agent else _OWN_HEADERS
        return tuple(_read_seen(seen, leave_out) for seen in self._recorder.seen)

    def _challenge(self) -> tuple[Answer, Answer]:
        links = {"authUrl": "https://www.npmjs.com/auth/cli/1", "doneUrl": f"{self._recorder.url}/-/v1/done?authId=1"}
        return answer_json(links, 401, www_authenticate="OTP"), answer_json({"token": PASSWORD})

    def _what_came(self, outcome: Outcome) -> tuple[Sent, ...] | Refused:
        sent = self.what_was_sent()
        assert not (sent and outcome.failed), f"the recording registry refuses nothing: {outcome.told}"
        return sent or Refused(outcome.told)

    async def _create(self, operation: Create) -> None:
        target = target_of(_as_stored(operation), Phase.FIRST)
        assert target, "each create has one"
        await self._confirm(
            lambda password: self._client.create_configuration(
                SecretStr(SESSION),
                operation.package,
                target.publisher,
                target.permissions,
                password,
                deadline=_DEADLINE,
            )
        )

    async def _revoke(self, operation: Revoke) -> None:
        configuration_id = revoked_id_of(_as_stored(operation))
        await self._confirm(
            lambda password: self._client.revoke_configuration(
                SecretStr(SESSION), operation.package, configuration_id, password, deadline=_DEADLINE
            )
        )

    async def _list(self, package: PackageName) -> None:
        await self._confirm(
            lambda password: self._client.list_configurations(SecretStr(SESSION), package, password, deadline=_DEADLINE)
        )

    async def _confirm(self, call: Callable[[SecretStr | None], Awaitable[ReadAnswer | WriteAnswer]]) -> None:
        """Call; when npm wants the second factor, ask for the one-time password and call again with it."""
        answer = await call(None)
        if isinstance(answer, Challenged):
            assert answer.done_url, answer.problem
            poll = await self._client.poll(answer.done_url, SecretStr(SESSION))
            assert isinstance(poll, Done), poll
            await call(poll.token)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Both ways for who cannot wait: tests that Hypothesis calls."""

    loop: asyncio.Runner
    ways: BothWays

    def npm(self, words: Sequence[str], *, challenged: bool = False) -> tuple[Sent, ...] | Refused:
        return self.loop.run(self.ways.ask_npm(words, challenged=challenged))

    def bot(self, words: Sequence[str], *, challenged: bool = False) -> tuple[Sent, ...] | Refused:
        return self.loop.run(self.ways.ask_bot(words, challenged=challenged))

    def check_same(self, asked: Asked) -> None:
        """Both send the same requests."""
        by_npm = self.npm(asked.words, challenged=asked.challenged)
        assert not isinstance(by_npm, Refused), by_npm
        assert len(by_npm) == (3 if asked.challenged else 1)
        assert self.bot(asked.words, challenged=asked.challenged) == by_npm

    def check_explained(self, asked: Asked) -> None:
        """Both send the same requests or none, but for the differences that have a reason."""
        by_npm, by_bot = self.npm(asked.words), self.bot(asked.words)
        if isinstance(by_npm, Refused) and isinstance(by_bot, Refused):
            return
        assert by_bot == by_npm or is_explained(*asked.nasty)


@contextmanager
def both_ways(folder: Path) -> Iterator[Waiting]:
    """Start both, with the files of npm's in an empty folder, and stop them."""
    with asyncio.Runner() as loop:
        ways = BothWays(folder)
        loop.run(ways.start())
        yield Waiting(loop, ways)
        loop.run(ways.stop())


def _as_stored(operation: Operation) -> Operation:
    """Between approval and call an operation lies in the database, as JSON."""
    return OPERATION.validate_json(OPERATION.dump_json(operation))


def _read_seen(seen: Seen, leave_out: frozenset[str]) -> Sent:
    headers = {name: value for name, value in seen.headers.items() if name not in leave_out}
    return Sent(seen.method, seen.path, seen.body, headers)
