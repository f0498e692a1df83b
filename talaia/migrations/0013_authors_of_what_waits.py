"""Who wrote any part of what waits for a second person: none of them can be that person."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0012_renamed_services")]
    operations = [migrations.AddField(model_name="event", name="authors", field=models.JSONField(default=list))]
