"""What the senders' memory says of the night: which form counts at each station, by the rules alone. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: Sent on purpose to be refused: another body under a used key, a station of somebody else.
WRONG = ("used key", "foreign station")


@dataclass
class Night:
    """``sent`` and ``acknowledged`` by key. ``course``: forms and decisions as they were answered."""

    sent: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    photos: set[str] = field(default_factory=set)
    course: list[dict[str, Any]] = field(default_factory=list)

    def facts_of(self, key: str) -> tuple[int, ...]:
        return facts(self.sent[key])

    def counted(self) -> dict[int, dict[str, Any]]:
        """By station: the form that counts, whether it is verified and whether another one disputes it.

        Of stations where one was rejected and none is left: ``rejected``.
        """
        stations: dict[int, Station] = defaultdict(Station)
        for one in self.course:
            if one["event"] == "acknowledged":
                form = self.sent[one["key"]]
                stations[form["station"]].receive(form)
                continue
            here, form = stations[one["station"]], self.sent[one["key"]]
            if one["outcome"] == "verify":
                here.verify(form)
            elif one["outcome"] == "correct":
                here.correct(form)
            else:
                here.set_aside(form, rejected=one["outcome"] == "reject")
            if one["outcome"] == "move":
                stations[one["to"]].receive(moved(form, one["to"]))
        return {station: found for station, one in stations.items() if (found := one.as_counted())}

    @property
    def moved(self) -> list[tuple[int, ...]]:
        """Facts of the copies that moves have made; the server gave them their keys."""
        moves = [one for one in self.course if one["event"] == "decided" and one["outcome"] == "move"]
        return [facts(moved(self.sent[one["key"]], one["to"])) for one in moves]


def facts(form: dict[str, Any]) -> tuple[int, ...]:
    """Votes by pair, then the invalid ones and the station."""
    return (*form["votes"], form["invalid"], form["station"])


def moved(form: dict[str, Any], to: int) -> dict[str, Any]:
    return form | {"key": f"{form['key']} moved", "station": to, "supersedes": None}


@dataclass
class Station:
    """What is in of one station, as its lines say one after the other.

    The first form counts; one that names the counted one takes its place, once that is verified as a proposal; any
    other is kept and disputes what counts when its figures differ. A decision for one form settles those before it.
    """

    forms: list[dict[str, Any]] = field(default_factory=list)
    counts: dict[str, Any] | None = None
    proposed: dict[str, Any] | None = None
    verified: bool = False
    rejected: bool = False
    disputed: bool = False
    #: Rejected or moved away, moved away; and how many were settled by the decision for which form.
    aside: set[str] = field(default_factory=set)
    left: set[str] = field(default_factory=set)
    settled: list[tuple[int, str]] = field(default_factory=list)

    def as_counted(self) -> dict[str, Any] | None:
        if self.counts is None:
            return {"rejected": True} if self.rejected else None
        said = {"disputed": self.disputed, "verified": self.verified, "rejected": False}
        return self.counts | said

    def receive(self, form: dict[str, Any]) -> None:
        named = form["supersedes"]
        self.forms.append(form)
        names_proposal = self.proposed is not None and named == self.proposed["key"]
        if self.counts is None:
            self._let_count(form)
        elif named == self.counts["key"] or names_proposal:
            self.proposed = None if names_proposal else self.proposed
            if self.verified:
                # A replaced one stays what counts until somebody has looked.
                self.proposed = form
                self.disputed = self.disputed or self._is_disputed()
            else:
                self._let_count(form)
        elif not _same(form, self.counts):
            self.disputed = True
        elif named is not None:
            self.disputed = self._is_disputed()

    def verify(self, form: dict[str, Any]) -> None:
        self.counts, self.verified, self.proposed = form, True, None
        self.rejected = self.disputed = False
        self.settled.append((len(self.forms), form["key"]))

    def correct(self, form: dict[str, Any]) -> None:
        """``form`` is the coordinator's own, and names the one it replaces."""
        self.forms.append(form)
        self.verify(form)

    def set_aside(self, form: dict[str, Any], *, rejected: bool) -> None:
        """Rejected or moved away: if it counted, the oldest open one does, unverified."""
        self.aside.add(form["key"])
        if not rejected:
            self.left.add(form["key"])
        if self.counts is None or form["key"] != self.counts["key"]:
            self.proposed = None if self.proposed and self.proposed["key"] == form["key"] else self.proposed
            self.disputed = self.counts is not None and self._is_disputed()
            return
        self.counts, self.verified, self.disputed = None, False, False
        if open_ := self._open():
            self._let_count(open_[0])
        else:
            self.rejected = rejected

    def _let_count(self, form: dict[str, Any]) -> None:
        self.counts, self.verified, self.rejected = form, False, False
        self.disputed = self._is_disputed()

    def _is_disputed(self) -> bool:
        return any(self.counts is not None and not _same(one, self.counts) for one in self._open())

    def _open(self) -> list[dict[str, Any]]:
        through, chosen = next(((n, key) for n, key in reversed(self.settled) if key not in self.aside), (0, ""))
        held = [one["key"] for one in (self.counts, self.proposed) if one]
        waiting = [one for place, one in enumerate(self.forms) if place >= through or one["key"] == chosen]
        # A version replaces the one it names while it is not moved away.
        replaced = [one["supersedes"] for one in self.forms if one["key"] not in self.left]
        return [one for one in waiting if one["key"] not in {*self.aside, *replaced, *held}]


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return (one["votes"], one["invalid"]) == (other["votes"], other["invalid"])


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
            if line["key"] not in night.acknowledged:
                night.course.append(line)
            night.acknowledged.setdefault(line["key"], line["status"])
        elif line["event"] == "decided":
            if line["outcome"] == "correct":
                night.acknowledged[line["key"]] = 302
            night.course.append(line)
        elif line["event"] == "photo":
            night.photos.add(line["sha256"])
    return night
