"""The Celery application; tasks live in the apps' ``tasks.py``."""

import os

from celery import Celery
from celery.signals import celeryd_after_setup

from sista import precedence

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "sista.settings")

app = Celery("sista")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
celeryd_after_setup.connect(precedence.worker_is_set_up)
