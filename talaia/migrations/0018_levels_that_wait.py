"""The levels that a service has come to while an improvement waits, each since when."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0017_since_when_people_say_so")]
    operations = [migrations.AddField("service", "candidate_then", models.JSONField(default=list))]
