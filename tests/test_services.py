from pydantic import SecretStr

from bot.clock import Clock
from bot.services import KEPT_SECONDS, Bell, Pocket


class HandClock(Clock):
    seconds = 0.0

    def monotonic(self) -> float:
        return self.seconds


def test_a_one_time_password_is_handed_out_once_and_to_its_person_alone() -> None:
    pocket = Pocket(HandClock())
    pocket.put("U0OTTO", SecretStr("123456"), (7, None))
    assert pocket.purpose_of("U0OTTO") == (7, None)
    assert pocket.purpose_of("U0OLGA") is None
    assert pocket.take("U0OLGA") is None
    password = pocket.take("U0OTTO")
    assert password is not None
    assert password.get_secret_value() == "123456"
    assert pocket.take("U0OTTO") is None
    assert pocket.purpose_of("U0OTTO") is None


def test_a_one_time_password_that_nobody_took_is_forgotten() -> None:
    clock = HandClock()
    pocket = Pocket(clock)
    pocket.put("U0OTTO", SecretStr("123456"), (None, 3))
    clock.seconds = KEPT_SECONDS
    assert pocket.purpose_of("U0OTTO") is None
    assert pocket.take("U0OTTO") is None


def test_a_one_time_password_is_not_shown_where_values_are_printed() -> None:
    pocket = Pocket(HandClock())
    pocket.put("U0OTTO", SecretStr("123456"), (7, None))
    assert "123456" not in repr(vars(pocket))


def test_the_bell_wakes_who_listens() -> None:
    bell, heard = Bell(), list[str]()
    bell.ring("lane")
    bell.listen(heard.append)
    bell.ring("inbox", "lane")
    assert heard == ["inbox", "lane"]
