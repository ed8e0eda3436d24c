"""One way to keep a number, and an index to know the sender of a message by it."""

from django.db import migrations, models

import accounts.phone_numbers

BATCH = 1000


def normalise_all(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    changed = []
    for user in User.objects.exclude(phone="").only("pk", "phone").iterator(BATCH):
        number = accounts.phone_numbers.normalise(user.phone)
        if number != user.phone:
            user.phone = number
            changed.append(user)
    for start in range(0, len(changed), BATCH):
        User.objects.bulk_update(changed[start : start + BATCH], ["phone"])


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_refusal_order")]

    operations = [
        migrations.AlterField(
            model_name="user",
            name="phone",
            field=accounts.phone_numbers.PhoneField(blank=True, max_length=24, verbose_name="telepon"),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(fields=["phone"], name="people_by_phone"),
        ),
        migrations.RunPython(normalise_all, migrations.RunPython.noop),
    ]
