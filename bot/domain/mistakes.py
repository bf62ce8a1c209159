"""What was wrong with something that a person wrote."""

from bot.domain.values import Frozen


class Mistake(Frozen):
    """One thing that cannot be understood or accepted, told so that the writer can mend it."""

    what: str
    """What is wrong, as a sentence: `The workflow must be just a file, not a path.`"""
    expected: str
    """What would have been right, with an example: `a file name such as release.yml`."""
    got: str
    """What came, as it came; empty when it was missing. Text from outside: never format it as markup."""
    suggestion: str = ""
    """The nearest right value, where one is near: `release.yml`."""
    field: str = ""
    """The flag or form field it belongs to, without dashes: `file`; empty when it is the line itself."""
