"""How bad an incident was for a service stays known when it gets better; of what is stored already, the last level is."""

from django.db import migrations, models
from django.db.models import F

STATES = ["operational", "degraded", "partial", "disruption", "maintenance", "unknown"]


def fill(apps, _editor):
    apps.get_model("talaia", "Impact").objects.update(worst=F("state"))


class Migration(migrations.Migration):
    dependencies = [("talaia", "0020_notices_hold_their_event")]
    operations = [
        migrations.AddField(
            "impact",
            "worst",
            models.CharField(blank=True, choices=[(state, state) for state in STATES], default="", max_length=12),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
