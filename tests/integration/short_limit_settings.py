"""The settings with a time limit that a test can wait for."""

from sista.settings import *  # noqa: F403

CELERY_TASK_TIME_LIMIT = 3
