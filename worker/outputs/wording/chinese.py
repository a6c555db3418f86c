"""Chinese, simplified. Numbers are words: voices read some figures in English."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from contract.outputs.description import ALT_CHARACTERS
from worker.outputs.encoding.regions import Layout, Thing
from worker.outputs.wording.terms import (
    MOST_RATIO,
    clock_of,
    column_of,
    fitting,
    ratio_of,
    row_of,
    size_of,
    sweep,
)

HEDGE = "以上由单张图片估计，远近只是相对的。"
_SHORT_HEDGE = "深度为估计。"
_NUMBERS = ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九")
_SIZES = {"small": "较小", "medium": "中等大小", "large": "较大", "huge": "很大"}
_ROWS = {"upper": "上", "lower": "下"}
_COLUMNS = {"left": "左", "right": "右"}
_SIDES = {"left": "左侧", "middle": "中间", "right": "右侧"}
_TOPS = {"left": "左上方", "middle": "中上方", "right": "右上方"}
_EDGES = {"bottom": "下", "top": "上", "left": "左", "right": "右"}
_CLOCK = "钟点方位：十点是画面左边缘，十二点是中间，两点是右边缘。"


def alt(layout: Layout) -> str:
    """Return one or two sentences for an image's `alt`."""
    parts = [_count(layout) or _no_things(layout), *_near_sides(layout), *_farthest(layout)]
    return fitting(parts, _SHORT_HEDGE, ALT_CHARACTERS, "")


def short(layout: Layout) -> str:
    """Return a few sentences: three things at most."""
    return "".join([*_things(layout, 3, at_length=False), *_rest(layout), HEDGE])


def long(layout: Layout) -> str:
    """Return all that is known, with clock positions and shares of the picture."""
    clock = [_CLOCK] if any(column_of(thing) != "across" for thing in layout.things) else []
    return "".join([*_things(layout, 7, at_length=True), *_rest(layout), *clock, HEDGE])


def _count(layout: Layout) -> str:
    if not layout.things:
        return ""
    lead = layout.things[0]
    main = "" if len(layout.things) == 1 else "主要的一处"
    return f"有{_number(len(layout.things))}处突出：{main}{_SIZES[size_of(lead)]}，{_place(lead)}。"


def _no_things(layout: Layout) -> str:
    if layout.flat:
        return "画面没有远近差别。"
    edge = layout.nearest_edge
    return "没有突出之处。" + (f"深度均匀变化，{_EDGES[edge]}边缘最近。" if edge else "")


def _things(layout: Layout, most: int, *, at_length: bool) -> Iterable[str]:
    if not layout.things:
        yield _no_things(layout)
        return
    lead, count = layout.things[0], len(layout.things)
    yield f"有{_number(count)}处突出。"
    yield f"{'主要的一处' if count > 1 else '它'}{_about(lead, layout, at_length=at_length)}。"
    if (ratio := ratio_of(lead.behind)) is not None:
        yield f"它周围的距离是它的{_times(ratio)}。"
    others = [_about(thing, layout, at_length=at_length) for thing in sweep(layout, most)]
    if len(others) == 1:
        yield f"另一处{others[0]}。"
    elif others:
        yield f"其余从左到右：{'；'.join(others)}。"


def _about(thing: Thing, layout: Layout, *, at_length: bool) -> str:
    parts = [_SIZES[size_of(thing)], _place(thing)]
    if at_length:
        parts += [f"{_number(clock_of(thing))}点方向"] if column_of(thing) != "across" else []
        parts.append(f"占画面的百分之{_digits(max(1, round(thing.share * 100)))}")
    nearest = layout.nearest
    if nearest is not None and len(layout.things) > 1:
        ratio = ratio_of(thing.distance, nearest.distance)
        far = f"距离是最近处的{_times(ratio)}" if ratio else "与最近处远近相当"
        parts.append("离得最近" if thing is nearest else far)
    return "，".join(parts)


def _times(ratio: float) -> str:
    half, more = ratio % 1 > 0, "或更多" if ratio >= MOST_RATIO else ""
    number = f"{_digits(int(ratio))}点五" if half else _number(int(ratio))
    return f"{number}倍{more}"


def _place(thing: Thing) -> str:
    column, row = column_of(thing), row_of(thing)
    if column == "across":
        where = {"full": "整个画面", "middle": "画面中部", "upper": "画面上部", "lower": "画面下部"}
        return f"横贯{where[row]}"
    if row == "full":
        return f"在{_SIDES[column]}，上下贯通"
    if column == "middle":
        return "在正中" if row == "middle" else f"在中{_ROWS[row]}方"
    return f"在{_SIDES[column]}" if row == "middle" else f"在{_COLUMNS[column]}{_ROWS[row]}方"


def _rest(layout: Layout) -> Iterable[str]:
    if (ground := layout.ground) is not None:
        height = max(1, round((1 - ground.top) * 10))
        reach = "整个高度" if height > 9 else f"画面高度的百分之{_digits(height * 10)}"
        yield f"一片像地面的平面从下边缘向远处延伸，达{reach}。"
    yield from _near_sides(layout)
    yield from _farthest(layout)


def _near_sides(layout: Layout) -> Iterable[str]:
    if layout.near and layout.nearest_edge is None:
        yield f"{_thirds(layout.near, _SIDES) or '整个画面'}有较近的表面。"


def _farthest(layout: Layout) -> Iterable[str]:
    if layout.far and layout.nearest_edge is None:
        names = _TOPS if layout.far_on_top else _SIDES
        whole = "横贯画面上方" if layout.far_on_top else "横贯画面"
        where = _thirds(layout.far, names)
        yield f"最远的部分{f'在{where}' if where else whole}。"


def _thirds(names: Sequence[str], words: Mapping[str, str]) -> str:
    """Return the thirds in words, nothing for all three."""
    return "" if len(names) == 3 else "和".join(words[name] for name in names)


def _number(count: int) -> str:
    """Return `count` in words before a measure word, where two is another word."""
    return "两" if count == 2 else _digits(count)


def _digits(number: int) -> str:
    """Return `number`, 0…99, in words; larger ones in figures."""
    tens, ones = divmod(number, 10)
    if tens > 9:
        return str(number)
    if tens == 0:
        return _NUMBERS[ones]
    return f"{_NUMBERS[tens] if tens > 1 else ''}十{_NUMBERS[ones] if ones else ''}"
