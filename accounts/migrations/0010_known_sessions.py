"""Write down the sessions that run already: otherwise their owners could neither see nor end them."""

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import migrations
from django.utils import timezone


def note(apps, schema_editor):
    Session, User = apps.get_model("sessions", "Session"), apps.get_model("accounts", "User")
    RunningSession = apps.get_model("accounts", "RunningSession")
    now = timezone.now()
    found = {}
    for key, data in Session.objects.filter(expire_date__gt=now).values_list("session_key", "session_data").iterator():
        user = SessionStore().decode(data).get(SESSION_KEY)
        if user:
            found[key] = int(user)
    there = set(User.objects.filter(pk__in=set(found.values())).values_list("pk", flat=True)) if found else set()
    rows = [RunningSession(session_id=key, user_id=user, begun_at=now) for key, user in found.items() if user in there]
    RunningSession.objects.bulk_create(rows, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_second_factor"), ("sessions", "0001_initial")]

    operations = [migrations.RunPython(note, migrations.RunPython.noop, elidable=True)]
