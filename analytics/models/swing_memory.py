"""What S1 last computed, so that a changed TPS asks only about its own desa."""

from __future__ import annotations

from django.db import models

from regions.models import Region
from tallies.models import Contest


class SwingMemory(models.Model):
    """One a (contest, kabupaten). ``content``: a packed `Memory`; thrown away, it is made anew."""

    contest = models.ForeignKey(Contest, on_delete=models.CASCADE, related_name="+", db_index=False)
    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="+", db_index=False)
    content = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["contest", "region"], name="one_swing_memory_a_contest_and_regency")
        ]

    def __str__(self) -> str:
        return f"{self.contest_id}/{self.region_id}"
