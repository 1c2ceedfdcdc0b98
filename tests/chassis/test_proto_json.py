"""The short form of messages, in which facts are kept: what `json_format` prints, and always the same text."""

from __future__ import annotations

import json
from typing import Any

import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from hypothesis import assume, given, settings

from services.chassis.proto_json import Renderers
from tests.gateway.test_json_is_what_json_format_says import BOOK, messages

BRIEF = Renderers(print_empty=False)


@settings(max_examples=100, deadline=None)
@given(messages(BOOK))
def test_what_is_empty_is_left_out_as_json_format_leaves_it_out(message: Message) -> None:
    expected = json_format.MessageToJson(message)
    assume("-0.0" not in expected)  # which is 0, after all
    assert orjson.loads(orjson.dumps(BRIEF.of(BOOK)(message))) == json.loads(expected)


def test_equal_messages_are_equal_texts_whatever_the_order_in_which_a_map_was_filled() -> None:
    texts = set()
    for keys in ("abcdefgh", "hgfedcba"):
        book: Any = GetMessageClass(BOOK)()
        for key in keys:
            book.counts[key] = 1
        texts.add(orjson.dumps(BRIEF.of(BOOK)(book)))
    assert texts == {b'{"counts":{"a":"1","b":"1","c":"1","d":"1","e":"1","f":"1","g":"1","h":"1"}}'}
