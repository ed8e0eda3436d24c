"""Contents and digests of forms, readings and events, composed in SQL as `tallies.submission` and `tallies.audit` do.

Whether they are the same is no matter of trust: `verify_audit` of the nation is one of the measurements.
"""

from __future__ import annotations

from tallies.figures import FULL_FIELDS

PAIRS = (1, 2, 3)


def digest(text: str) -> str:
    return f"encode(sha256(convert_to({text}, 'UTF8')), 'hex')"


def iso(moment: str) -> str:
    """``moment`` without fractions of a second, as Python writes it in UTC."""
    return f"""to_char({moment} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')"""


def json(**members: str) -> str:
    """Canonical JSON: SQL that yields the text of each member, by name."""
    inside = " || ',' || ".join(f"""'"{name}":' || {members[name]}""" for name in sorted(members))
    return f"('{{' || {inside} || '}}')"


def text(value: str) -> str:
    return f"""('"' || {value} || '"')"""


def figures(row: str) -> str:
    return json(**{name: f"{row}.{name}" for name in FULL_FIELDS})


def votes(row: str) -> str:
    return json(**{str(number): f"{row}.votes_{number}" for number in PAIRS})


FORM_CONTENT = json(
    confirmed="'[]'",
    contest_id="one.contest_id",
    filled_at="'null'",
    note=text("''"),
    objection="'false'",
    photos="'[[1,' || " + text("one.photo") + " || ']]'",
    station_id="one.station_id",
    supersedes="'null'",
    values=figures("one"),
    votes=votes("one"),
)
_STATE = {
    "disputed": "one.disputed::text",
    "form": "one.id",
    "proposed": "'null'",
}
RECEIVED = json(
    channel=text("'ponsel'"),
    checks="one.checks",
    effective_valid="one.valid_votes",
    hash=text("form.content_hash"),
    received_at=text(iso("one.received_at")),
    state=json(**_STATE, review=text("'pending'")),
    submitted_by="one.witness_id",
    uuid=text("one.uuid"),
)
READ = json(
    reading=json(
        confirmed="'[]'",
        differing="'[]'",
        finding=text("'equal'"),
        first_reader="one.witness_id",
        form_id="one.id",
        id="one.id",
        read_at=text(iso("one.read_at")),
        reader="one.reader_id",
        reason=text("''"),
        round="1",
        uuid=text("one.uuid"),
        values=figures("one"),
        votes=votes("one"),
    ),
    state=json(**_STATE, review=text("'pending'")),
)
DECIDED = json(
    decision=json(
        decided_at=text(iso("one.read_at")),
        decided_by="one.reader_id",
        form_id="one.id",
        id="one.id",
        outcome=text("'verified'"),
        reading="one.id",
        reason=text("''"),
        settled_through="one.id",
    ),
    state=json(**_STATE, review=text("'verified'")),
)


def event(seq: int, at: str, actor: str, action: str, content: str, previous: str) -> str:
    """Columns result … digest of one event of ``one`` for an INSERT … SELECT; ``previous`` is an SQL expression."""
    body = (
        f"'[' || one.result_id || ',{seq},\"' || {iso(at)} || '\",' || {actor} || ',\"{action}\",' || said.content "
        f"|| ',\"' || {previous} || '\"]'"
    )
    return (
        f"SELECT one.result_id, {seq}, {at}, {actor}, '{action}', said.content::jsonb, {previous}, {digest(body)} "
        f"FROM drawn one %s CROSS JOIN LATERAL (SELECT {content} AS content) said"
    )
