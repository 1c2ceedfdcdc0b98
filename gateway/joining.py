"""Calls that wait at the same moment travel as one: what many ask at once costs little more than one question.

With nothing under way a call leaves at once. Beside one batch under way a second leaves once it is as large, so that
the service works on one while the answers of the other are handed out; the busier it is, the more calls share. A batch
that does not come back soon holds up nobody: the next ones leave without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import grpc
from google.protobuf.message import Message

Metadata = Sequence[tuple[str, str]]
Ask = Callable[[Message, Metadata], Awaitable[Any]]
AskMany = Callable[[Sequence[Message], Metadata], Awaitable[Sequence[Any]]]

MOST = 50
"""Requests in one batch; the contract allows at least as many."""
LARGE = 64 * 1024
"""Bytes; a larger request travels alone, so that no batch grows beyond what a service takes."""
PATIENCE = 0.1
"""Seconds after which a batch is no longer waited for before others leave."""


@dataclass(frozen=True)
class _Waiting:
    request: Message
    metadata: Metadata
    answer: asyncio.Future[Any] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Joint:
    """The calls of one operation.

    Args:
        ask: makes the call of one request.
        ask_many: makes one call of many requests and gives the replies in their order.
    """

    def __init__(self, ask: Ask, ask_many: AskMany) -> None:
        self._ask = ask
        self._ask_many = ask_many
        self._waiting: list[_Waiting] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._under_way: dict[asyncio.Task[None], int] = {}

    async def call(self, request: Message, metadata: Metadata) -> Any:
        """The reply to a request; the metadata of a batch are those of its first.

        Raises:
            grpc.aio.AioRpcError: the service refused, or none answered.
        """
        if request.ByteSize() > LARGE:
            return await self._ask(request, metadata)
        one = _Waiting(request, metadata)
        self._waiting.append(one)
        self._depart()
        return await one.answer

    def _depart(self) -> None:
        while self._waiting and self._may_leave():
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            task = asyncio.create_task(self._travel(batch))
            self._tasks.add(task)  # the event loop alone would forget it
            self._under_way[task] = len(batch)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(self._arrived)
            task.get_loop().call_later(PATIENCE, self._arrived, task)

    def _may_leave(self) -> bool:
        under_way = list(self._under_way.values())
        return not under_way or (len(under_way) == 1 and len(self._waiting) >= under_way[0])

    def _arrived(self, task: asyncio.Task[None]) -> None:
        if self._under_way.pop(task, None):
            self._depart()

    async def _travel(self, batch: Sequence[_Waiting]) -> None:
        batch = [one for one in batch if not one.answer.done()]  # its client may be gone
        try:
            await (self._together(batch) if len(batch) > 1 else self._each(batch))
        finally:
            for one in batch:
                one.answer.cancel()  # who has no answer because the call was cut off does not wait for ever

    async def _together(self, batch: Sequence[_Waiting]) -> None:
        pairs: list[tuple[_Waiting, Any]]
        try:
            outcomes = await self._ask_many([one.request for one in batch], batch[0].metadata)
            pairs = list(zip(batch, outcomes, strict=True))
        except Exception as error:  # noqa: BLE001 (whoever waits is told)
            if not _is_same_for_all(error):
                await self._each(batch)  # one of them may be the cause; the others do not suffer for it
                return
            pairs = [(one, error) for one in batch]
        for one, outcome in pairs:
            _settle(one, outcome)

    async def _each(self, batch: Sequence[_Waiting]) -> None:
        await asyncio.gather(*map(self._alone, batch))

    async def _alone(self, one: _Waiting) -> None:
        try:
            _settle(one, await self._ask(one.request, one.metadata))
        except Exception as error:  # noqa: BLE001 (whoever waits is told)
            _settle(one, error)


def _is_same_for_all(error: Exception) -> bool:
    """Whether a failure says nothing of any one request."""
    no_answer = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
    return isinstance(error, grpc.aio.AioRpcError) and error.code() in no_answer


def _settle(one: _Waiting, outcome: Any) -> None:
    if one.answer.done():
        return
    if isinstance(outcome, Exception):
        one.answer.set_exception(outcome)
    else:
        one.answer.set_result(outcome)
