"""What a fact is: a frozen dataclass named in the past tense, whose first field is the id of what it is about."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar, Protocol


class Event(Protocol):
    """A frozen dataclass whose first field is `<aggregate>_id` (or another id) of what the fact is about."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


def about(event: Event) -> tuple[str, str]:
    """Type and id of the aggregate a fact is about: (`plan`, `0198…`) for a first field `plan_id`."""
    field = dataclasses.fields(event)[0].name
    return field.removesuffix("_id"), str(getattr(event, field))
