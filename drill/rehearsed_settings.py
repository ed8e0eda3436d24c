"""The settings of the rehearsed system: those that are served, and once it is upgraded the next version's app too.

Replaced files are what an upgrade is; here one mark in the data folder stands for them, read when a process starts.
Pages name styles and scripts by their plain names: nobody fetches them here, and collecting them takes its time.
"""

from sista.settings import *  # noqa: F403
from sista.settings import DATA_DIR, INSTALLED_APPS, STORAGES

NEXT_VERSION = DATA_DIR / "next-version"
if NEXT_VERSION.exists():
    INSTALLED_APPS = [*INSTALLED_APPS, "drill.upgrade"]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
