"""What coordinators do to a form meanwhile, over the pages they use: verify, reject, correct, move.

Nothing else of the station is under way meanwhile: an act stands in the queue of the station's phone. Two
coordinators at once are one act: both look, both press, and one of them must be told that the other was first.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from urllib.parse import urlencode

from drill.line import Answer, Line, Link
from drill.papers import Paper

#: What a button of the page is called, with the reason it asks for.
BUTTONS = {
    "verify": {"tindakan": "verifikasi"},
    "reject": {"tindakan": "tolak", "tolak-reason": "angka"},
    "correct": {"tindakan": "koreksi", "koreksi-reason": "ketik"},
    "move": {"tindakan": "pindah", "pindah-reason": "pilih"},
}
AT_ONCE = "verify at once"
KINDS = (*BUTTONS, AT_ONCE)
_SEEN = re.compile(rb'name="seen" value="(\d+)"')
_FORM = re.compile(rb'name="form" value="(\d+)"')
#: Written, and overtaken.
DONE, OVERTAKEN = 302, 409
#: Told of an act that ended as it must not: two at once were both written, or none was.
NOT_ONE = 299


@dataclass
class Act:
    """What is decided about ``paper``: the form that counts, or the correction that takes its place.

    ``cookies``: of one coordinator, or of two at once. ``result``: the station as pages name it. ``to``: station,
    desa and number of a move. ``seen`` is what its first look said: an act that is tried again is the same act.
    """

    kind: str
    paper: Paper
    due: float
    cookies: tuple[str, ...]
    result: int
    to: tuple[int, int, int] | None = None
    seen: dict[str, str] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    remembered: bool = False

    @property
    def outcome(self) -> str:
        return "verify" if self.kind == AT_ONCE else self.kind

    @property
    def stations(self) -> tuple[int, ...]:
        return (self.paper.station, self.to[0]) if self.to else (self.paper.station,)


def perform(act: Act, line: Line, token: str) -> Answer:
    """Look, then press. 302 when exactly one press was written and any other was overtaken. Raises OSError."""
    path = f"/verifikasi/tps/{act.result}/"
    if not act.seen:
        with Link(line) as link:
            page = link.ask("GET", path, _headers(act.cookies[0], token))
        seen, form = _SEEN.search(page.body), _FORM.search(page.body)
        if page.status != 200 or seen is None or form is None:
            return page
        act.seen = {"seen": seen[1].decode(), "form": form[1].decode()}
    open_ = [cookie for cookie in act.cookies if cookie not in act.answers]
    body = urlencode(BUTTONS[act.outcome] | act.seen | _boxes(act)).encode()
    failed: list[OSError] = []
    presses = [(act, line, token, path, body, one, failed) for one in open_]
    together = [threading.Thread(target=_press, args=one) for one in presses[1:]]
    for thread in together:
        thread.start()
    _press(*presses[0])
    for thread in together:
        thread.join()
    if failed:
        raise failed[0]
    statuses = sorted(answer.status for answer in act.answers.values())
    if statuses == [DONE, OVERTAKEN][: len(act.cookies)]:
        return Answer(DONE)
    wrong = next((one for one in act.answers.values() if one.status not in (DONE, OVERTAKEN)), Answer(NOT_ONE))
    act.answers = {cookie: one for cookie, one in act.answers.items() if one.status in (DONE, OVERTAKEN)}
    return wrong


def _press(act: Act, line: Line, token: str, path: str, body: bytes, cookie: str, failed: list[OSError]) -> None:
    headers = _headers(cookie, token) + "Content-Type: application/x-www-form-urlencoded\r\n"
    try:
        with Link(line) as link:
            answer = link.ask("POST", path, headers, body)
    except OSError as error:
        failed.append(error)
        return
    if answer.status == DONE and not answer.location.startswith("/verifikasi/"):
        answer = Answer(401)  # sent away to sign in
    act.answers[cookie] = answer


def _boxes(act: Act) -> dict[str, str]:
    if act.kind == "correct":
        votes = {f"votes_{number}": str(one) for number, one in enumerate(act.paper.votes, start=1)}
        return votes | {name: str(one) for name, one in act.paper.figures().items()} | {"uuid": act.paper.key}
    if act.to:
        _station, village, number = act.to
        return {"pindah-ke-village": str(village), "pindah-ke-number": str(number)}
    return {}


def _headers(cookie: str, token: str) -> str:
    return f"Cookie: {cookie}{token}\r\nX-CSRFToken: {token}\r\n"
