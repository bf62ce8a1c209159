"""Pictures for Slack, drawn here: columns of percentages over the weeks, as PNG.

The picture brings its own dark ground, so that it reads the same in Slack's light and dark themes.
"""

from collections.abc import Sequence
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from bot.domain.trend import TrendPoint

SIZE = (1120, 440)
"""Pixels; Slack shows it at about half of that."""

_GROUND, _TEXT, _QUIET, _LINE = "#1b2430", "#eef3f8", "#a9b7c6", "#3a4858"
_COLUMN, _NEWEST = "#5aa9f0", "#7fe0b8"
_LEFT, _RIGHT, _TOP, _BOTTOM = 88, 1088, 110, 372
_TITLE, _LABEL, _SMALL = 32, 26, 22
_ROUND = 24
_WIDEST = 64
_SHARE = 0.62
"""How much of its place a column takes."""


def draw_trend(title: str, weeks: Sequence[TrendPoint | None]) -> bytes:
    """Draw weeks as columns from 0 to 100 %, each with its number; a week of which nothing is known stays empty.

    Args:
        title: What it is of, one line; what does not fit is cut.
        weeks: Oldest first.
    """
    image = Image.new("RGBA", SIZE, (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, SIZE[0] - 1, SIZE[1] - 1), _ROUND, fill=_GROUND)
    draw.text((32, 24), _cut(title, _font(_TITLE), SIZE[0] - 64), font=_font(_TITLE), fill=_TEXT)
    for percent in (0, 50, 100):
        y = _height(percent)
        draw.line((_LEFT, y, _RIGHT, y), fill=_LINE, width=2)
        draw.text((_LEFT - 14, y), f"{percent}", font=_font(_SMALL), fill=_QUIET, anchor="rm")
    place = (_RIGHT - _LEFT) / max(1, len(weeks))
    for number, point in enumerate(weeks):
        if point is not None and point.percent is not None:
            is_newest = number == len(weeks) - 1
            _draw_column(draw, _LEFT + place * (number + 0.5), place, point, is_newest=is_newest)
    stored = BytesIO()
    image.save(stored, format="PNG", optimize=True)
    return stored.getvalue()


def _draw_column(draw: ImageDraw.ImageDraw, middle: float, place: float, point: TrendPoint, *, is_newest: bool) -> None:
    percent = point.percent or 0
    half = min(place * _SHARE, _WIDEST) / 2
    top = min(_height(percent), _BOTTOM - 4)  # nothing at all shows too
    fill, up = _NEWEST if is_newest else _COLUMN, (True, True, False, False)
    draw.rounded_rectangle((middle - half, top, middle + half, _BOTTOM), 6, fill=fill, corners=up)
    draw.text((middle, top - 8), str(percent), font=_font(_LABEL), fill=_TEXT, anchor="mb")
    day = f"{point.week.day} {point.week:%b}"
    draw.text((middle, _BOTTOM + 14), day, font=_font(_SMALL), fill=_TEXT if is_newest else _QUIET, anchor="mt")


def _height(percent: int) -> float:
    return _BOTTOM - (_BOTTOM - _TOP) * percent / 100


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _cut(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, width: float) -> str:
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"
