"""The people the embedded issuer knows: a JSON list, read anew when it changes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.problems import Problem, Violation, invalid

_WHO = ("authority", "certificate", "object")
OVERRIDABLE = ("name", "authority", "region", "certificate", "object")


@dataclass(frozen=True)
class Person:
    """Somebody who may sign in.

    Args:
        id: the account.
        name: for people.
        roles: what the account may do.
        claims: authority, region, certificate, object, as far as there are any.
        any: claims that may be chosen on sign-in: a stand-in for a proof of identity.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    claims: Mapping[str, str] = field(default_factory=dict)
    any: tuple[str, ...] = ()

    def signs_in(self, chosen: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
        """Subject and claims of this person's token, with the chosen claims in place of the listed ones.

        An account that chose is another account: two inspectors who share a list entry are two people.

        Raises:
            Problem: something was chosen that is fixed for this person.
        """
        if fixed := [name for name in chosen if name not in self.any]:
            raise Problem(
                "PERMISSION_DENIED",
                "CLAIM_NOT_CHOOSABLE",
                f"该账号不能自行指定：{'、'.join(fixed)}",
                f"this account may not choose its {', '.join(fixed)}",
                metadata={"person": self.id},
            )
        subject = "/".join([self.id, *(chosen[name] for name in _WHO if name in chosen)])
        return subject, {"name": self.name, "roles": list(self.roles), **self.claims, **chosen}


class People:
    """Who may sign in.

    Args:
        path: JSON list of `{"id", "name", "roles", "authority", "region", "certificate", "object", "any"}`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_at = -1
        self._people: dict[str, Person] = {}

    def all(self) -> list[Person]:
        """Everybody, in the order of the list.

        Raises:
            Problem: the list cannot be read.
        """
        try:
            changed_at = self._path.stat().st_mtime_ns
            if changed_at != self._read_at:
                people = [_person(entry) for entry in json.loads(self._path.read_bytes())]
                self._people, self._read_at = {person.id: person for person in people}, changed_at
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Problem(
                "FAILED_PRECONDITION",
                "PEOPLE_NOT_READABLE",
                f"无法读取人员名单 {self._path}：{error}",
                f"the list of people {self._path} cannot be read: {error!r}",
            ) from error
        return list(self._people.values())

    def get(self, id: str) -> Person:
        """The person with this id.

        Raises:
            Problem: there is none.
        """
        self.all()
        if id not in self._people:
            raise invalid([Violation("person", "UNKNOWN_PERSON", "名单中没有此人", "nobody in the list has this id")])
        return self._people[id]


def _person(entry: Mapping[str, Any]) -> Person:
    claims = {name: str(entry[name]) for name in OVERRIDABLE if name != "name" and entry.get(name)}
    return Person(entry["id"], entry["name"], tuple(entry["roles"]), claims, tuple(entry.get("any", ())))
