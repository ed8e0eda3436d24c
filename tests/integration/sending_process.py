"""A process that sends forms as a web process does, and then says how it went: `test_celery` starts it.

Standard input: JSON with ``contest``, ``by`` (user id) and ``forms`` (station id → votes by pair number).
"""

from __future__ import annotations

import json
import sys
import time
import uuid


def main() -> None:
    import django

    django.setup()
    from accounts.models import User
    from sista import background
    from tallies import intake, signalling
    from tallies.figures import Figures
    from tallies.models import Channel
    from tallies.submission import Submission

    background.start()
    order = json.load(sys.stdin)
    sender = User.objects.get(pk=order["by"])
    seconds = []
    for station, votes in order["forms"]:
        total = sum(votes)
        figures = Figures(
            votes=dict(enumerate(votes, start=1)),
            values={"voters_total": total + 5, "valid_votes": total, "invalid_votes": 5},
        )
        submission = Submission(uuid=uuid.uuid4(), contest_id=order["contest"], station_id=station, figures=figures)
        began = time.monotonic()
        intake.submit(submission, by=sender, channel=Channel.API)
        seconds.append(time.monotonic() - began)
    # A web process lives on; this one stays until the last signal had its chance.
    time.sleep(2 * signalling.DEBOUNCE_SECONDS + 0.5)
    print(json.dumps({"sent": len(seconds), "slowest": max(seconds)}))  # noqa: T201  the answer


if __name__ == "__main__":
    main()
