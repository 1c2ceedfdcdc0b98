"""The frame of a draw (抽取范围): who can be drawn, frozen to the byte, and how many of them.

LM-DRAW-1, step 1. The same objects always give the same bytes, whoever writes them down and in whatever order.
"""

from __future__ import annotations

import hashlib
import operator
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import islice, pairwise

from services.chassis.errors import FailedPrecondition, InvalidArgument, Violation

NOT_IN_A_FRAME = re.compile(r'[,"\x00-\x1f\x7f\ud800-\udfff]')
"""What an id or the name of a stratum cannot contain: a line must read the same in every CSV reader."""

NOT_IN_A_REASON = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
"""What the reason of an exclusion cannot contain; commas and quotes it may, and is then quoted as RFC 4180 has it."""


class NotAllowedInFrame(InvalidArgument):
    """An id or the name of a stratum is empty, or holds a comma, a quote or a control character."""

    def __init__(self, what: str, value: str) -> None:
        zh, en = {
            "id": ("对象编号", "the id"),
            "stratum": ("分类名称", "the stratum"),
            "reason": ("排除原因", "the reason"),
        }[what]
        super().__init__(
            Violation(
                what,
                self.reason,
                f"{zh}{value!r}为空，或含有逗号、引号、换行等控制字符，不能写入抽取范围",
                f"{en} {value!r} is empty or holds a comma, a quote or a control character and cannot be in a frame",
            )
        )


class TwiceInFrame(InvalidArgument):
    """An object is listed twice: it would have two chances."""

    def __init__(self, id: str) -> None:
        zh, en = f"对象 {id} 在名单中出现了两次", f"object {id!r} is listed twice"
        super().__init__(Violation("id", self.reason, zh, en))


class NotSorted(InvalidArgument):
    """The ids of a frame are not in the order of their UTF-8 bytes."""

    def __init__(self, id: str, after: str) -> None:
        zh = f"抽取范围未按编号的 UTF-8 字节顺序排列：{id} 排在 {after} 之后"
        super().__init__(
            Violation("id", self.reason, zh, f"not in the order of UTF-8 bytes: {id!r} comes after {after!r}")
        )


class FrameUnreadable(InvalidArgument):
    """A file is not a frame (or a list of exclusions) as LM-DRAW-1 writes it.

    Args:
        line: number of the first line at fault, from 1.
    """

    def __init__(self, line: int, zh: str, en: str) -> None:
        super().__init__(Violation(f"line {line}", self.reason, f"第 {line} 行：{zh}", f"line {line}: {en}"))
        self.line = line


class NotARatio(InvalidArgument):
    """A ratio is below 0, above 1, or has more than twelve decimals."""

    def __init__(self, ratio: Decimal) -> None:
        zh = f"抽取比例 {ratio} 应在 0 到 1 之间，小数不超过 12 位"
        en = f"the ratio {ratio} is not between 0 and 1 with at most 12 decimals"
        super().__init__(Violation("ratio", self.reason, zh, en))


class NotACount(InvalidArgument):
    """A quota or a count is negative."""

    def __init__(self, what: str, count: int) -> None:
        super().__init__(Violation(what, self.reason, f"{what} 不能为负数（{count}）", f"{what} is negative: {count}"))


class NothingToSpreadOver(FailedPrecondition):
    """A total is to be spread over strata that are all empty."""

    def __init__(self, total: int) -> None:
        super().__init__(
            f"抽取范围为空，无法分配 {total} 个抽取数量",
            f"there is nothing to spread {total} over: every stratum is empty",
            total=total,
        )


@dataclass(frozen=True)
class Frame:
    """Everything that can be drawn.

    Args:
        ids: ids of the objects, each once, in the order of their UTF-8 bytes.
        strata: the name of each object's stratum, in the same order.
    """

    ids: Sequence[str]
    strata: Sequence[str]

    def __post_init__(self) -> None:
        if len(self.ids) != len(self.strata):
            raise ValueError(f"{len(self.ids)} ids and {len(self.strata)} strata")
        refuse_what_is_not_allowed("id", self.ids)
        refuse_what_is_not_allowed("stratum", set(self.strata))
        # Python compares strings by code point, which orders them as their UTF-8 bytes
        if not all(map(operator.lt, self.ids, islice(self.ids, 1, None))):
            after, id = next((a, b) for a, b in pairwise(self.ids) if not a < b)
            raise TwiceInFrame(id) if after == id else NotSorted(id, after)

    @classmethod
    def of(cls, stratum_of: Mapping[str, str] | Iterable[tuple[str, str]]) -> Frame:
        """The frame of these objects, given in any order as id → stratum."""
        pairs = sorted(stratum_of.items() if isinstance(stratum_of, Mapping) else stratum_of)
        return cls([id for id, _ in pairs], [stratum for _, stratum in pairs])

    def __len__(self) -> int:
        return len(self.ids)

    @cached_property
    def csv(self) -> bytes:
        """As `frame_csv` writes it; once, as it is hashed, kept and proven from."""
        return "".join([f"{id},{stratum}\n" for id, stratum in zip(self.ids, self.strata, strict=True)]).encode()

    def counts(self) -> dict[str, int]:
        """How many objects each stratum has, by name in the order of UTF-8 bytes."""
        return dict(sorted(Counter(self.strata).items()))


def refuse_what_is_not_allowed(what: str, values: Iterable[str]) -> None:
    """Raise for the first value that cannot stand in a frame."""
    values = list(values)
    if not all(values) or NOT_IN_A_FRAME.search("".join(values)):
        raise NotAllowedInFrame(what, next(value for value in values if not value or NOT_IN_A_FRAME.search(value)))


def frame_csv(frame: Frame) -> bytes:
    """`frame.csv`: one line `id,stratum` for each object."""
    return frame.csv


def excluded_csv(pairs: Iterable[tuple[str, str]]) -> bytes:
    """`excluded.csv`: one line `id,reason` for each object left out, sorted as a frame is; who has several reasons
    is named once, with all of them in one text.

    Raises:
        NotAllowedInFrame: an id has a comma, a quote or a control character, or a reason has a control character.
        TwiceInFrame: an object is named twice.
    """
    lines = sorted(pairs)
    refuse_what_is_not_allowed("id", [id for id, _ in lines])
    for (id, reason), (other, _) in zip(lines, [*lines[1:], ("", "")], strict=True):
        if id == other:
            raise TwiceInFrame(id)
        if not reason or NOT_IN_A_REASON.search(reason):
            raise NotAllowedInFrame("reason", reason)
    return "".join([f"{id},{quoted(reason)}\n" for id, reason in lines]).encode()


def quoted(cell: str) -> str:
    """A cell as RFC 4180 writes it: in quotes only where it must be."""
    return '"' + cell.replace('"', '""') + '"' if "," in cell or '"' in cell else cell


def read_frame(content: bytes) -> Frame:
    """The frame that a `frame.csv` holds.

    Raises:
        FrameUnreadable: it is not exactly what `frame_csv` writes; names the first line at fault.
    """
    return read_at_once(content) or read_line_by_line(content)


def read_at_once(content: bytes) -> Frame | None:
    """The frame that a file holds; None: it is none, or cannot be taken for one at a glance."""
    try:
        cells = content.decode().replace("\n", ",").split(",")
        ids, strata = cells[:-1:2], cells[1::2]
        shared = {name: name for name in strata}  # millions of lines, some hundred names
        frame = Frame(ids, [shared[name] for name in strata])
    except (UnicodeDecodeError, ValueError, NotAllowedInFrame, TwiceInFrame, NotSorted):
        return None
    return frame if frame.csv == content else None


def read_line_by_line(content: bytes) -> Frame:
    """The same, slowly, so that the line at fault can be named."""
    ids: list[str] = []
    strata: list[str] = []
    for number, id, stratum in read_lines(content):
        if "," in stratum:
            raise FrameUnreadable(number, "应为“编号,分类”两列", "it is not `id,stratum`")
        ids.append(id)
        strata.append(stratum)
    try:
        return Frame(ids, strata)
    except (NotAllowedInFrame, TwiceInFrame, NotSorted) as refusal:
        raise FrameUnreadable(line_at_fault(ids, strata), refusal.zh, refusal.en) from refusal


def read_excluded_ids(content: bytes) -> list[str]:
    """The ids that an `excluded.csv` holds.

    Raises:
        FrameUnreadable: it is not a list of exclusions; names the first line at fault.
    """
    ids = [id for _, id, _ in read_lines(content)]
    try:
        return list(Frame(ids, ids).ids)
    except (NotAllowedInFrame, TwiceInFrame, NotSorted) as refusal:
        raise FrameUnreadable(line_at_fault(ids, ids), refusal.zh, refusal.en) from refusal


def read_lines(content: bytes) -> Iterator[tuple[int, str, str]]:
    """Number, id and what follows the first comma, of each line of a file."""
    try:
        text = content.decode()
    except UnicodeDecodeError as wrong:
        line = content.count(b"\n", 0, wrong.start) + 1
        raise FrameUnreadable(line, "不是有效的 UTF-8 编码", "it is not UTF-8") from wrong
    lines = text.split("\n")
    if lines.pop():
        raise FrameUnreadable(len(lines) + 1, "末行没有换行符", "the last line has no line feed")
    for number, row in enumerate(lines, 1):
        id, comma, rest = row.partition(",")
        if not comma:
            raise FrameUnreadable(number, "没有逗号分隔的两列", "it has no two columns")
        yield number, id, rest


def line_at_fault(ids: Sequence[str], strata: Sequence[str]) -> int:
    """Number of the first line that keeps these from being a frame, from 1."""
    before = ""
    for number, (id, stratum) in enumerate(zip(ids, strata, strict=True), 1):
        if not before < id or not stratum or NOT_IN_A_FRAME.search(id + stratum):
            return number
        before = id
    return len(ids)


def sha256_hex(content: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(content).hexdigest()


def quota_by_ratio(ratio: Decimal, count: int) -> int:
    """How many of `count` a ratio asks for: rounded half up, and at least one where both are positive."""
    refuse_what_is_no_ratio(ratio)
    if count < 0:
        raise NotACount("count", count)
    numerator, denominator = ratio.as_integer_ratio()  # exact: no decimal context rounds in between
    quota = (2 * numerator * count + denominator) // (2 * denominator)
    return max(quota, 1) if numerator and count else quota


def refuse_what_is_no_ratio(ratio: Decimal) -> None:
    """Raise for what is not a decimal from 0 to 1 with at most twelve places."""
    if not ratio.is_finite() or not 0 <= ratio <= 1 or ratio.normalize().as_tuple().exponent < -12:  # type: ignore[operator]  # finite: an int
        raise NotARatio(ratio)


def ratio_text(ratio: Decimal) -> str:
    """A ratio as a commitment writes it: without exponent, sign or closing zeros (`0.05`, `1`, `0`)."""
    refuse_what_is_no_ratio(ratio)
    return format(ratio.normalize() + 0, "f")


def spread(total: int, counts: Mapping[str, int]) -> dict[str, int]:
    """A total spread over strata in proportion to their counts, by largest remainder.

    Each stratum gets the whole part of `total × count / sum`; what is left goes one by one to the largest remainders,
    of equal ones to the name that comes first in the order of UTF-8 bytes.
    """
    for what, number in [("total", total), *((f"counts[{name}]", count) for name, count in counts.items())]:
        if number < 0:
            raise NotACount(what, number)
    whole = sum(counts.values())
    if not whole:
        if total:
            raise NothingToSpreadOver(total)
        return dict.fromkeys(counts, 0)
    shares = {name: divmod(total * count, whole) for name, count in counts.items()}
    left = total - sum(share for share, _ in shares.values())
    lucky = set(sorted(shares, key=lambda name: (-shares[name][1], name))[:left])
    return {name: share + (name in lucky) for name, (share, _) in shares.items()}
