"""Where a list goes on, as the contract says it."""

from __future__ import annotations

from liangma.type.v1 import page_pb2


def page_info(next_page_token: str) -> page_pb2.PageInfo:
    """The place after a page; none after the last."""
    return page_pb2.PageInfo(next_page_token=next_page_token)
