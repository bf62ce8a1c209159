from bot.messages.message import MOST_BLOCKS, Message, join


def test_joined_messages_keep_slacks_limit() -> None:
    part = Message("first", ({"type": "divider"},) * 30)
    joined = join([part, Message("second", part.blocks)])
    assert joined.text == "first"
    assert len(joined.blocks) == MOST_BLOCKS
