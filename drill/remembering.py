"""What the senders' memory says of the night: which form counts at each station, by the rules alone. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: Sent on purpose to be refused: another body under a used key, a station of somebody else.
WRONG = ("used key", "foreign station")


@dataclass
class Night:
    """``sent`` and ``acknowledged`` by key; an acknowledged form in the order in which its answer came."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    photos: set[str] = field(default_factory=set)

    def facts_of(self, key: str) -> tuple[int, ...]:
        one = self.sent[key]
        return (*one["votes"], one["invalid"], one["station"])

    def counted(self) -> dict[int, dict[str, Any]]:
        """By station: the form that counts, and whether another one disputes it.

        The first one counts; one that names the counted one takes its place; any other is kept as a rival and
        disputes it when its figures differ.
        """
        counted: dict[int, dict[str, Any]] = {}
        for key in self.acknowledged:
            one = self.sent[key]
            before = counted.get(one["station"])
            if before is None:
                counted[one["station"]] = {**one, "disputed": False}
            elif one["supersedes"] == before["key"]:
                counted[one["station"]] = {**one, "disputed": before["disputed"]}
            elif (one["votes"], one["invalid"]) != (before["votes"], before["invalid"]):
                before["disputed"] = True
        return counted


def night_of(lines: Iterable[dict[str, Any]]) -> Night:
    night = Night()
    for line in lines:
        if line["event"] == "sent" and line["kind"] in WRONG:
            # A wrong one under a used key shares it with the right one.
            if line["key"] not in night.sent:
                night.wrong.add(line["key"])
        elif line["event"] == "sent":
            night.sent.setdefault(line["key"], line)
        elif line["event"] == "acknowledged" and line["key"] in night.sent:
            night.acknowledged.setdefault(line["key"], line["status"])
        elif line["event"] == "photo":
            night.photos.add(line["sha256"])
    return night
