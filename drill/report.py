"""The two reports as Markdown and JSON, and the bounds a rehearsal is held to. Pure but for the files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from drill.faults import INTAKE_GOES_ON
from drill.plan import LONGEST_LAG, LONGEST_RECOVERY

NOTHING = (
    ("lost", "acknowledged forms that are not stored"),
    ("altered", "acknowledged forms that are stored with other figures"),
    ("doubled", "forms stored twice"),
    ("never_sent", "stored forms that nobody sent"),
    ("taken_though_wrong", "forms taken for a station of somebody else"),
    ("wrong_moves", "forms that were moved and do not stand at the other station as they were"),
    ("wrong_totals", "totals that differ from what the senders remember"),
    ("photos_lost", "acknowledged photos that are not stored as sent"),
    ("photos_torn", "photos half-written"),
)


def bounds(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Each bound with what was found and whether it was kept; none is left out."""
    final, faults = found["final"], found["faults"]
    lag = found["lag"]["outside"]["p95"]
    recoveries = [one["recovery"] for one in faults]
    slowest = None if None in recoveries else max(recoveries, default=0.0)
    refused = sum(one["forms_not_answered_at_once"] for one in faults if one["fault"] in INTAKE_GOES_ON)
    return [
        *(_bound(what, final[name]["number"], 0, final[name]["number"] == 0) for name, what in NOTHING),
        _bound("forms that were never answered", found["unanswered"], 0, found["unanswered"] == 0),
        _bound("answers that were not the right ones", len(found["unexpected"]), 0, not found["unexpected"]),
        _bound("errors 500, 502 and 504", found["http"]["errors_500"], 0, found["http"]["errors_500"] == 0),
        _bound(
            "503 and 507 without Retry-After",
            found["http"]["away_without_retry_after"],
            0,
            found["http"]["away_without_retry_after"] == 0,
        ),
        _bound(
            "forms refused in a rolling restart, without Redis, worker, beat or the photos' disk",
            refused,
            0,
            not refused,
        ),
        _clean("rebuild_totals --check", final["rebuild_check"]),
        _clean("verify_audit", final["audit"]),
        _bound("hash of the data, as before", _same(found), "same", found["zero"]["data_hash"] == final["data_hash"]),
        _bound("everything drained at the end", _yes(found["drained"]), "yes", found["drained"]),
        _lag(lag, has_quiet=found["plan"]["has_quiet"]),
        _bound(
            "slowest recovery after a fault",
            "no fault was made" if not faults else _seconds(slowest),
            f"<= {LONGEST_RECOVERY:g} s",
            slowest is not None and slowest <= LONGEST_RECOVERY,
        ),
        *_looked_at(found),
    ]


def _lag(lag: float | None, *, has_quiet: bool) -> dict[str, Any]:
    what, bound = "lag to the national total outside of faults, p95", f"<= {LONGEST_LAG:g} s"
    if lag is not None:
        return _bound(what, _seconds(lag), bound, lag <= LONGEST_LAG)
    if has_quiet:
        return _bound(what, "not measured", bound, False)
    return _bound(what, "not measured: so short a night has no quiet between its faults", bound, True)


def _looked_at(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Nothing is wrong with what was not there: as much must have happened as was planned."""
    plan, final = found["plan"], found["final"]
    planned = Counter(name for name in plan["turns"] if name not in found["left_out"])
    made = Counter(one["fault"] for one in found["faults"])
    missing = planned - made
    enough = (
        ("forms acknowledged", final["acknowledged"], plan["forms"]),
        ("photos acknowledged", final["photos_acknowledged"], plan["photos"] // 2),
        ("decisions of coordinators", final["decisions"], plan["decided"] // 2),
    )
    return [
        *(_bound(what, f"{number:,}", f">= {least:,}", number >= least) for what, number, least in enough),
        _bound(
            "faults of the first round that were made",
            f"{(planned & made).total()}",
            f"{planned.total()}",
            not missing,
        ),
    ]


def _bound(what: str, is_: Any, bound: Any, kept: bool) -> dict[str, Any]:
    return {"what": what, "is": is_, "bound": bound, "kept": bool(kept)}


def _clean(command: str, check: dict[str, Any]) -> dict[str, Any]:
    return _bound(command, check["said"], "clean", check["clean"])


def _same(found: dict[str, Any]) -> str:
    return "same" if found["zero"]["data_hash"] == found["final"]["data_hash"] else "another"


def _yes(true: bool) -> str:
    return "yes" if true else "no"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"


def write(found: dict[str, Any], out: Path) -> None:
    (out / "report.json").write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    (out / "report.md").write_text(f"# Rehearsal\n\n{zero_in_words(found)}\n\n{in_words(found)}\n")


def zero_in_words(found: dict[str, Any]) -> str:
    zero = found["zero"]
    return "\n".join(
        (
            "## Zero report",
            "",
            f"Nothing is in: {zero['stations']:,} stations, {zero['forms']} forms, {zero['outbox']} changes waiting, "
            f"{zero['totals']:,} stored totals, {zero['totals_not_zero']} of them not zero.",
            f"`rebuild_totals --check`: {zero['rebuild_check']['said']}",
            "",
            f"- program `{found['source_hash']}`",
            f"- data `{zero['data_hash']}`",
        )
    )


def in_words(found: dict[str, Any]) -> str:
    final, plan = found["final"], found["plan"]
    lines = [
        "## Final report",
        "",
        f"{plan['forms']:,} witnesses of {plan['stations']:,} stations within {plan['minutes']:g} minutes; "
        f"busiest second {found['intake']['busiest_second']} forms. Sent {final['sent']:,}, acknowledged "
        f"{final['acknowledged']:,}, stored {final['stored']:,}; "
        f"photos acknowledged {final['photos_acknowledged']:,}; decisions of coordinators {final['decisions']:,}, "
        f"of which moves {final['moves']:,}. In all {found['seconds_in_all'] / 60:.1f} minutes.",
        "",
        f"- results `{final['results_hash']}`",
        f"- data `{final['data_hash']}`",
        "",
        "| bound | is | to be | kept |",
        "|---|---|---|---|",
        *(f"| {one['what']} | {one['is']} | {one['bound']} | {_mark(one['kept'])} |" for one in found["bounds"]),
        "",
        "| seconds | forms | p50 | p95 | max |",
        "|---|---|---|---|---|",
        *(_spread_row(what, name, found[name][where]) for what, name, where in _SPREADS),
        "",
        f"The senders took {found['senders']['processor_ms_a_request']} ms of a processor for a request.",
        "",
        *_faults_in_words(found),
        "",
        "| sent | answered |",
        "|---|---|",
        *(
            f"| {kind} | {', '.join(f'{status}: {times:,}' for status, times in counts.items())} |"
            for kind, counts in found["http"]["by_kind"].items()
        ),
        f"| dripping upload | {', '.join(f'{how}: {times}' for how, times in found['drips'].items()) or 'none'} |",
    ]
    broken = [one["what"] for one in found["bounds"] if not one["kept"]]
    return "\n".join([*lines, "", f"Broken: {'; '.join(broken)}." if broken else "Every bound was kept."])


_SPREADS = (
    ("acknowledged to national total, outside of faults", "lag", "outside"),
    ("the same, from a fault until caught up", "lag", "inside"),
    ("a form that is taken, outside of faults", "intake", "outside"),
    ("the same, from a fault until caught up", "intake", "inside"),
    ("waited in the phone for a connection, where many send at once", "senders", "waited_for_a_connection"),
)


def _spread_row(what: str, _name: str, spread: dict[str, Any]) -> str:
    numbers = " | ".join(_seconds(spread[name]) if spread["number"] else "–" for name in ("p50", "p95", "max"))
    return f"| {what} | {spread['number']:,} | {numbers} |"


def _faults_in_words(found: dict[str, Any]) -> list[str]:
    rows = [
        f"| {one['at']:.0f} s | {one['fault']} | {one['what']} | {one['forms_not_answered_at_once']} | "
        f"{_seconds(one['recovery'])} |"
        for one in found["faults"]
    ]
    left_out = [f"Left out: {name} ({why})." for name, why in found["left_out"].items()]
    if not rows:
        return ["No fault was made.", *left_out]
    head = ["| at | fault | what | forms sent again | caught up after |", "|---|---|---|---|---|"]
    return [*head, *rows, *(["", *left_out] if left_out else [])]


def _mark(kept: bool) -> str:
    return "yes" if kept else "**NO**"
