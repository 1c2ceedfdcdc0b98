"""The object directory as columns, sorted by id: what a draw reads instead of millions of rows (ADR 14).

A file is a header in JSON and, behind it, one array after another. What comes again and again is kept once, in the
header, and stands in its column as a number.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from itertools import islice
from typing import Any, NamedTuple
from uuid import uuid4

import fsspec
import numpy as np
import numpy.typing as npt

from services.chassis import telemetry
from services.sampling.model.candidates import Candidates
from services.sampling.model.region import prefix
from services.sampling.model.scope import DrawScope
from services.sampling.model.strata import Candidate

log = telemetry.logger("snapshot")

MAGIC = b"LM-DIRECTORY-1\n"
KEY = 16
BLOCK = 1 << 16
AT_ONCE = 10_000
LITTLE = {"starts": "<u8", "keys": "u1", "ids": "u1"}

Array = npt.NDArray[Any]


class Row(NamedTuple):
    """What a snapshot keeps of an object; all but id and key comes again and again.

    Args:
        tags: as they are packed.
        grades: industry ratings as JSON; empty: none.
    """

    object_id: str
    key: bytes
    type: str
    registration_status: str
    region: str
    industry: str
    tags: str
    public_rating: str
    risk_class: str
    grades: str


CODED = Row._fields[2:]
LOOKED_AT = ("registration_status", "region", "public_rating", "risk_class", "tags", "grades")
"""By a draw, in the order of a candidate's fields."""


@dataclass(frozen=True, eq=False)
class Columns:
    """The objects of a directory, by id.

    Args:
        ids: all of them in a row.
        starts: where each begins in it, and where the last ends.
        keys: 16 bytes each.
        codes: by column, the place of what each object has there among the column's words.
        words: by column.
    """

    ids: bytes
    starts: Array
    keys: Array
    codes: Mapping[str, Array]
    words: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def object_ids(self) -> list[str]:
        """The ids of all."""
        return self._ids_at(np.arange(len(self)))

    def candidates(self, scope: DrawScope, domain: str) -> Candidates:
        """The objects in a scope, as a draw looks at them."""
        places = np.flatnonzero(self._in_scope(scope))
        examples, kind_of = self._kinds(places)
        tags = [tuple(filter(None, packed.split("|"))) for packed in self.words["tags"]]
        ratings = [rating_by(domain, grades) for grades in self.words["grades"]]
        words: dict[str, Sequence[Any]] = {**self.words, "tags": tags, "grades": ratings}
        facts = (map(words[name].__getitem__, self.codes[name][examples].tolist()) for name in LOOKED_AT)
        kinds = [Candidate("", *kind) for kind in zip(*facts, strict=True)]
        return Candidates(self._ids_at(places), kinds, kind_of)

    def merged(self, gone: Collection[str], rows: Iterator[Row]) -> Columns:
        """The same without some objects, and with others; what is in both is as the rows say."""
        books = {name: {word: place for place, word in enumerate(self.words[name])} for name in CODED}
        ids, keys, codes = [], [self.keys], {name: [self.codes[name]] for name in CODED}
        while some := list(islice(rows, AT_ONCE)):  # so that few rows are in memory as rows
            ids += [row.object_id for row in some]
            keys.append(np.frombuffer(b"".join(row.key for row in some), np.uint8).reshape(-1, KEY))
            for name, words in zip(CODED, list(zip(*some, strict=True))[2:], strict=True):
                codes[name].append(coded(books[name], words))
        replaced = {*gone, *ids}
        before = self.object_ids()
        stay = [place for place, id in enumerate(before) if id not in replaced]
        together = [*(before[place] for place in stay), *ids]
        order = sorted(range(len(together)), key=together.__getitem__)
        places = np.array([*stay, *range(len(before), len(before) + len(ids))], np.int64)[order]
        written, starts = joined([together[place] for place in order])
        sorted_codes = {name: np.concatenate(parts)[places] for name, parts in codes.items()}
        kept = {name: tuple(book) for name, book in books.items()}
        return Columns(written, starts, np.concatenate(keys)[places], sorted_codes, kept)

    def to_bytes(self) -> bytes:
        """As a file."""
        arrays = {"ids": np.frombuffer(self.ids, np.uint8), "starts": self.starts, "keys": self.keys}
        packed = {name: array.astype(LITTLE[name]) for name, array in arrays.items()}
        packed |= {name: codes.astype(narrowest(self.words[name])) for name, codes in self.codes.items()}
        layout = {name: [array.dtype.str, array.size] for name, array in packed.items()}
        header = json.dumps({"layout": layout, "words": self.words}, ensure_ascii=False).encode()
        content = [array.tobytes() for array in packed.values()]
        return b"".join((MAGIC, len(header).to_bytes(8, "little"), header, *content))

    @classmethod
    def of_bytes(cls, content: bytes) -> Columns:
        """From a file."""
        begin = len(MAGIC) + 8
        end = begin + int.from_bytes(content[len(MAGIC) : begin], "little")
        header = json.loads(content[begin:end])
        arrays: dict[str, Array] = {}
        for name, (kind, size) in header["layout"].items():
            arrays[name] = np.frombuffer(content, kind, size, end)
            end += arrays[name].nbytes
        codes = {name: arrays[name] for name in CODED}
        return cls(arrays["ids"].tobytes(), arrays["starts"], arrays["keys"].reshape(-1, KEY), codes, header["words"])

    def _in_scope(self, scope: DrawScope) -> Array:
        within = tuple(map(prefix, scope.regions))
        wanted: dict[str, Callable[[str], bool]] = {
            "type": lambda word: word in scope.types,
            "region": lambda word: word.startswith(within),
        }
        if scope.tags:
            wanted["tags"] = lambda word: not set(scope.tags).isdisjoint(word.split("|"))
        if scope.industries:
            wanted["industry"] = lambda word: word.startswith(scope.industries)
        inside = np.ones(len(self), bool)
        for name, fits in wanted.items():
            inside &= np.array([fits(word) for word in self.words[name]], bool)[self.codes[name]] if len(self) else True
        return inside

    def _kinds(self, places: Array) -> tuple[Array, Array]:
        """Of all kinds among the objects in these places, where one of each is; and which of them each object is."""
        kind_of, count = np.zeros(len(places), np.int64), 1
        for name in LOOKED_AT:
            many = max(len(self.words[name]), 1)
            kind_of, count = numbered(kind_of * many + self.codes[name][places], count * many)
        examples = np.zeros(count, np.int64)
        examples[kind_of] = places
        return examples, kind_of

    def _ids_at(self, places: Array) -> list[str]:
        """The ids of the objects in some places, which ascend."""
        found: list[str] = []
        for first in range(0, len(self), BLOCK):  # so that not all of them are text twice
            low, high = np.searchsorted(places, (first, first + BLOCK))
            begins, ends = self.starts[places[low:high]], self.starts[places[low:high] + 1]
            if low < high:
                offset, written = int(begins[0]), self.ids[int(begins[0]) : int(ends[-1])]
                found += between(written, (begins - offset).tolist(), (ends - offset).tolist())
        return found


EMPTY = Columns(
    b"",
    np.zeros(1, np.uint64),
    np.zeros((0, KEY), np.uint8),
    {name: np.zeros(0, np.uint32) for name in CODED},
    dict.fromkeys(CODED, ()),
)


def between(written: bytes, begins: Sequence[int], ends: Sequence[int]) -> list[str]:
    """Texts by where they begin and end."""
    if written.isascii():  # as ids are; then a byte is a character
        text = written.decode()
        return [text[a:b] for a, b in zip(begins, ends, strict=True)]
    return [written[a:b].decode() for a, b in zip(begins, ends, strict=True)]


def numbered(values: Array, below: int) -> tuple[Array, int]:
    """Values that come again and again as numbers from 0, and how many there are."""
    if below > max(4 * len(values), 1 << 16):  # too sparse for a table
        there, numbers = np.unique(values, return_inverse=True)
        return numbers, len(there)
    is_there = np.zeros(below, np.bool_)
    is_there[values] = True
    return (np.cumsum(is_there) - 1)[values], int(is_there.sum())


def narrowest(words: Sequence[str]) -> str:
    """The kind of number that all places among words fit into."""
    return "<u2" if len(words) < 1 << 16 else "<u4"


def coded(book: dict[str, int], words: Iterable[str]) -> Array:
    """The places of words in a book; new ones are entered."""
    return np.array([book.setdefault(word, len(book)) for word in words], np.uint32)


def joined(ids: Sequence[str]) -> tuple[bytes, Array]:
    """Texts in a row, and where each begins."""
    written = [id.encode() for id in ids]
    starts = np.zeros(len(ids) + 1, np.uint64)
    np.cumsum([len(each) for each in written], out=starts[1:], dtype=np.uint64)
    return b"".join(written), starts


def rating_by(domain: str, grades: str) -> str:
    """The rating by the model of a domain; empty: none."""
    if not domain or not grades:
        return ""
    return next((str(grade["rating"]) for grade in json.loads(grades) if grade["domain"] == domain), "")


class Shelf:
    """Where snapshots are kept, each by the SHA-256 of its file.

    Args:
        url: a directory, or the URL of one that fsspec knows.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._open: tuple[str, Columns] | None = None
        self._whole: dict[str, object] = {}

    def put(self, columns: Columns) -> str:
        """Keep a snapshot; its hash."""
        content = columns.to_bytes()
        digest = sha256(content).hexdigest()
        filesystem, path = self._place(digest)
        part = f"{path}.{uuid4().hex}"
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        filesystem.pipe_file(part, content)
        filesystem.mv(part, path)  # whole or not at all
        return digest

    def get(self, digest: str) -> Columns | None:
        """The snapshot with this hash; None: it is not there, or has been damaged. The last one stays in memory, where
        nobody else writes."""
        if self._open is None or self._open[0] != digest:
            content = self._read(digest)
            if content is None:
                return None
            self._open = digest, Columns.of_bytes(content)
        return self._open[1]

    def holds(self, digest: str) -> bool:
        """Whether a snapshot is there and whole; one that has not been touched since is not read again."""
        filesystem, path = self._place(digest)
        try:
            about = filesystem.info(path)
        except OSError:
            return False
        stamp = about.get("size"), about.get("mtime")
        if self._whole.get(digest) != stamp:
            self._whole = {digest: stamp} if self._read(digest) is not None else {}
        return digest in self._whole

    def keep_only(self, digests: Collection[str]) -> None:
        """Delete all others."""
        filesystem, path = self._place("")
        for each in filesystem.ls(path.rpartition("/")[0], detail=False):
            name = each.rpartition("/")[2]
            if ".columns" in name and name.partition(".")[0] not in digests:
                filesystem.rm_file(each)

    def _read(self, digest: str) -> bytes | None:
        filesystem, path = self._place(digest)
        try:
            content = bytes(filesystem.cat_file(path))
        except OSError as error:
            log.warning("snapshot_missing", digest=digest, why=type(error).__name__)
            return None
        if sha256(content).hexdigest() != digest:
            log.warning("snapshot_damaged", digest=digest)
            return None
        return content

    def _place(self, digest: str) -> tuple[Any, str]:
        filesystem, root = fsspec.url_to_fs(self._url)
        return filesystem, f"{root.rstrip('/')}/{digest}.columns"


@lru_cache(maxsize=8)
def shelf_at(url: str) -> Shelf:
    """The shelf at a place; one for all calls of a process, so that all share what is open."""
    return Shelf(url)
