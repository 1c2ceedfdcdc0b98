"""The report of a back-test as one picture: plain SVG, which needs no library, no font file and no script."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar
from xml.sax.saxutils import escape

from services.credit.model.backtest import Backtest, HitRate
from services.credit.model.industry_model import IndustryModel
from services.credit.model.rating import Grade

SVG = "image/svg+xml"
WIDTH, HEIGHT = 1080, 480
BOTTOM, TALLEST = 380, 240
COLOURS = {Grade.A: "#1a7f5a", Grade.B: "#4c9be8", Grade.C: "#e8a33d", Grade.D: "#c8463c"}
FONTS = "'Noto Sans CJK SC','Source Han Sans SC','Microsoft YaHei','PingFang SC',sans-serif"
BEFORE = (*Grade, None)

T = TypeVar("T")


def report(model: IndustryModel, tried: Backtest) -> bytes:
    """Spread, moves and hit rates beside each other."""
    title = f"{model.domain} · {model.name} · 第 {model.model_version} 版 · 回测报告"
    day = f"回测日期 {tried.as_of}" if tried.as_of else "按当前数据"
    limits = f"A ≥ {model.thresholds.a:g}，B ≥ {model.thresholds.b:g}，C ≥ {model.thresholds.c:g}"
    about = f"{day}；对象 {tried.objects:,} 家；平均分 {tried.mean_score:g}；{limits}"
    size = f'viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONTS}" fill="#222">',
        f"<title>{escape(title)}</title><desc>{escape(about)}</desc>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(30, 40, title, size=20),
        _text(30, 66, about, colour="#555"),
        *_spread(tried),
        *_moves(tried),
        *_hits(tried),
        "</svg>",
    ]
    return "\n".join(drawn).encode()


def _spread(tried: Backtest) -> Iterator[str]:
    """How many objects of each rating, before and after."""
    yield _text(30, 105, "等级分布（浅：现行，深：本模型）", size=15)
    before = {grade: sum(move.count for move in tried.moves if move.before == grade) for grade in Grade}
    after = {each.grade: each.count for each in tried.distribution}
    most = max((*before.values(), *after.values(), 1))
    for x, grade in _places(40, 78, Grade):
        yield _bar(x, 28, before[grade] / most, COLOURS[grade], opacity=0.4)
        yield _bar(x + 30, 28, after[grade] / most, COLOURS[grade])
        yield _text(x + 29, BOTTOM + 20, grade, anchor="middle")
        yield _text(x + 29, BOTTOM + 40, f"{before[grade]:,}", anchor="middle", colour="#555")
        yield _text(x + 29, BOTTOM + 58, f"{after[grade]:,}", anchor="middle")


def _moves(tried: Backtest) -> Iterator[str]:
    """From which rating to which: what stays is on the diagonal."""
    yield _text(370, 105, "等级迁移（行：现行，列：本模型）", size=15)
    counts = {(move.before, move.after): move.count for move in tried.moves}
    most = max((*counts.values(), 1))
    for x, after in _places(430, 64, Grade):
        yield _text(x + 30, 138, after, anchor="middle")
        for y, before in _places(146, 47, BEFORE):
            count = counts.get((before, after), 0)
            shade = f'fill="{COLOURS[after]}" fill-opacity="{0.06 + 0.74 * count / most:.2f}"'
            yield f'<rect x="{x}" y="{y}" width="60" height="43" rx="3" {shade}/>'
            yield _text(x + 30, y + 27, f"{count:,}", anchor="middle")
    for y, before in _places(146, 47, BEFORE):
        yield _text(418, y + 27, before or "未评", anchor="end")


def _hits(tried: Backtest) -> Iterator[str]:
    """How often problems were found, by rating."""
    when = "此后" if tried.as_of else "历次"
    yield _text(730, 105, f"命中率（{when}检查发现问题的对象 / 被检查对象）", size=15)
    most = max(*(hit.rate for hit in tried.hits), 0.01)
    for (x, _), hit in zip(_places(740, 80, Grade), tried.hits, strict=True):
        yield _bar(x, 48, hit.rate / most, COLOURS[hit.rating], _share(hit))
        yield _text(x + 24, BOTTOM + 20, hit.rating, anchor="middle")
        yield _text(x + 24, BOTTOM + 40, f"{hit.found:,} / {hit.inspected:,}", anchor="middle", colour="#555")
    if not any(hit.inspected for hit in tried.hits):
        yield _text(890, 250, f"{when}尚无检查结果", anchor="middle", colour="#555")


def _share(hit: HitRate) -> str:
    return f"{hit.rate:.1%}" if hit.inspected else "–"


def _places(start: int, step: int, things: Iterable[T]) -> Iterator[tuple[int, T]]:
    return ((start + n * step, thing) for n, thing in enumerate(things))


def _bar(x: int, width: int, share: float, colour: str, label: str = "", *, opacity: float = 1) -> str:
    height = round(TALLEST * share, 1)
    top = BOTTOM - height
    bar = f'<rect x="{x}" y="{top:g}" width="{width}" height="{height:g}" fill="{colour}" fill-opacity="{opacity:g}"/>'
    return bar + _text(x + width // 2, round(top) - 6, label, anchor="middle", size=12)


def _text(x: int, y: int, text: str, *, size: int = 13, anchor: str = "start", colour: str = "#222") -> str:
    place = f'x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}>{escape(text)}</text>"
