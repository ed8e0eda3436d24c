"""Claims about the document that describes the API."""

import io

import pytest
import yaml
from django.core.management import call_command
from django.urls import reverse
from rest_framework.test import APIClient

from tallies.api.serializers import FormSerializer
from tests.sending import client_of, form_body


@pytest.fixture(scope="module")
def document():
    out = io.StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    return yaml.safe_load(out.getvalue())


def test_the_document_is_valid_without_a_warning_and_names_every_address(document):
    methods = {path: sorted(operations) for path, operations in document["paths"].items()}
    assert {path: found for path, found in methods.items() if path.startswith("/api/v1/")} == {
        "/api/v1/elections/": ["get"],
        "/api/v1/elections/{slug}/contests/": ["get"],
        "/api/v1/elections/{slug}/quarantine/": ["get"],
        "/api/v1/elections/{slug}/queue/": ["get"],
        "/api/v1/elections/{slug}/regions/{code}/arrivals/": ["get"],
        "/api/v1/elections/{slug}/regions/{code}/newest/": ["get"],
        "/api/v1/elections/{slug}/regions/{code}/stations/": ["get"],
        "/api/v1/elections/{slug}/regions/{code}/work/": ["get"],
        "/api/v1/elections/{slug}/reports/": ["get"],
        "/api/v1/elections/{slug}/silent/": ["get"],
        "/api/v1/elections/{slug}/stations/{id}/": ["get"],
        "/api/v1/elections/{slug}/stations/{id}/events/": ["get"],
        "/api/v1/elections/{slug}/stations/{id}/readings/": ["get"],
        "/api/v1/forms/": ["post"],
        "/api/v1/forms/{uuid}/": ["get"],
        "/api/v1/forms/{uuid}/photos/{sha256}/": ["get"],
        "/api/v1/invitations/": ["post"],
        "/api/v1/photos/{sha256}/": ["patch", "put"],
        "/api/v1/regions/{code}/": ["get"],
        "/api/v1/results/{slug}/{code}/": ["get"],
        "/api/v1/witness/": ["get"],
    }


def test_the_document_tells_what_a_form_holds_and_what_it_is_answered(document):
    form = document["components"]["schemas"]["Form"]
    assert set(form["properties"]) == set(FormSerializer().fields)
    assert set(form["required"]) == {"uuid", "contest", "station", "votes"}
    answers = document["paths"]["/api/v1/forms/"]["post"]["responses"]
    assert set(answers) == {"200", "201", "400", "403", "404", "409", "413", "429"}


def test_the_document_tells_how_a_photo_comes_in_pieces(document):
    patch = document["paths"]["/api/v1/photos/{sha256}/"]["patch"]
    asked = {one["name"]: one["required"] for one in patch["parameters"] if one["in"] == "header"}
    assert asked == {"Upload-Offset": True, "Upload-Length": True}
    assert set(patch["responses"]) == {"200", "201", "204", "400", "403", "404", "408", "409", "413", "429"}
    told = {status for status, answer in patch["responses"].items() if "Upload-Offset" in answer.get("headers", {})}
    assert told == {"200", "201", "204", "409"}
    assert list(patch["requestBody"]["content"]) == ["application/octet-stream"]


def test_a_real_answer_has_the_keys_of_the_document(document, play):
    answer = client_of(play.siti).post(reverse("api-forms"), form_body(play, "dampit_1", [1, 2, 3]), format="json")
    assert set(answer.json()) == set(document["components"]["schemas"]["Receipt"]["properties"])


def test_the_document_is_for_who_is_signed_in(play):
    assert APIClient().get(reverse("api-schema")).status_code == 403
    assert client_of(play.siti).get(reverse("api-schema")).status_code == 200
