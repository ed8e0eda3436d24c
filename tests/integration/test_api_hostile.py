"""The document and the addresses hold each other to what they say, whatever a program asks."""

from io import StringIO
from uuid import uuid4

import pytest
import schemathesis
import yaml
from django.core.handlers.wsgi import WSGIHandler
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from accounts import api_tokens
from tallies import intake, photos
from tallies.count_room import error_reports
from tallies.models import Channel, ContactOutcome
from tallies.silent import calling
from tallies.submission import PhotoName
from tallies.totals import aggregation
from tests.cast import region, submission
from tests.sending import picture

#: Of each address, in each way of asking.
EXAMPLES = 8
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]


def read_only_document():
    out = StringIO()
    call_command("spectacular", stdout=out)
    document = yaml.safe_load(out.getvalue())
    # Only what reads; and not the document itself, which has no shape to hold it to.
    return document | {
        "paths": {
            path: {"get": operations["get"]}
            for path, operations in document["paths"].items()
            if "get" in operations and path.startswith("/api/v1/")
        }
    }


DOCUMENT = read_only_document()


@pytest.fixture
def _one_connection():
    """A server gives its connection back after each request; the test's has the transaction that holds the play."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def asked(_one_connection, play, settings):
    """The play with something behind each address, and the headers of a coordinator's token."""
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"DEFAULT_THROTTLE_RATES": {"user": "1000000/min"}}
    photo, _is_new = photos.receive(picture(), by=play.siti)
    photos.process_waiting()
    sent = submission(play, "dampit_1", [100, 80, 20], photos=(PhotoName(photo.pk, 1),))
    intake.submit(sent, by=play.siti, channel=Channel.API)
    intake.submit(submission(play, "dampit_1", [100, 81, None]), by=play.joko, channel=Channel.API)
    error_reports.tell(play.result("dampit_1"), "buram", "", by=play.joko)
    calling.record(play.result("dampit_2"), ContactOutcome.NO_ANSWER, by=play.budi, key=uuid4())
    aggregation.drain()
    _token, text = api_tokens.make("schemathesis", region("35.07"), 1, by=play.budi)
    known = {
        "slug": ["pilkada-2020"],
        "code": ["35.07", "35.07.05", "35.07.05.2001"],
        "id": [play.result("dampit_1").pk, play.result("dampit_2").pk],
        "uuid": [str(sent.uuid)],
        "sha256": [photo.pk],
    }
    return {"Authorization": f"Bearer {text}"}, known


@pytest.mark.parametrize("path", DOCUMENT["paths"])
def test_what_is_answered_is_what_the_document_says(asked, path):
    headers, known = asked
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    schema.app = WSGIHandler()
    operation = schema[path]["GET"]
    statuses = set()
    for places in (known, {}):  # a place that is there, then any
        for mode in schemathesis.GenerationMode:
            chosen = {name: values[0] for name, values in places.items() if f"{{{name}}}" in path}
            cases = operation.as_strategy(generation_mode=mode, path_parameters=chosen or None)

            @seed(20240214)
            @settings(
                max_examples=EXAMPLES,
                phases=[Phase.generate],
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            )
            @given(case=cases)
            def ask(case):
                response = case.call(headers=headers)
                statuses.add(response.status_code)
                case.validate_response(response, checks=CHECKS)

            ask()
    assert statuses & {200, 403}, statuses  # witness/ is for witnesses
