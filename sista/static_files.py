"""Static files under names that carry their hash; an address is looked up once a process."""

from __future__ import annotations

from functools import cached_property

from whitenoise.storage import CompressedManifestStaticFilesStorage


class RememberingStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """WhiteNoise's storage, which asks its manifest, with parsing and quoting, for each of a page's many icons."""

    # The scripts of the phone and of the count room import others by the names that carry their hash. Not so every
    # script: htmx names one in a comment that it does not bring.
    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        *(
            (files, CompressedManifestStaticFilesStorage._js_module_import_aggregation_patterns[1])
            for files in ("js/phone-*.js", "js/count_room.js")
        ),
    )

    @cached_property
    def _addresses(self) -> dict[str, str]:
        return {}

    def url(self, name: str, force: bool = False) -> str:
        if force:
            return super().url(name, force)
        if name not in self._addresses:
            self._addresses[name] = super().url(name)
        return self._addresses[name]
