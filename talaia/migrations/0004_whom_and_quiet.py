"""An event remembers for whom it is, and that nobody was to be told of it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0003_watched_and_listed")]
    operations = [
        migrations.AddField("event", "for_whom", models.JSONField(null=True)),
        migrations.AddField("event", "quiet", models.BooleanField(default=False)),
    ]
