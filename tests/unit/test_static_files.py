"""Static addresses: remembered, and still those of the manifest."""

from sista.static_files import RememberingStaticFilesStorage


def test_an_address_is_that_of_the_manifest_and_is_asked_for_once(tmp_path, monkeypatch, settings):
    settings.DEBUG = False
    storage = RememberingStaticFilesStorage(location=tmp_path, base_url="/static/")
    storage.hashed_files = {"css/a.css": "css/a.123.css"}
    asked = []
    stored_name = storage.stored_name
    monkeypatch.setattr(storage, "stored_name", lambda name: asked.append(name) or stored_name(name))
    assert [storage.url("css/a.css") for _twice in range(2)] == ["/static/css/a.123.css"] * 2
    assert asked == ["css/a.css"]
