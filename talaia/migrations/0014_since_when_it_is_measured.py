"""Since when the signals have said of a service what they say, whatever people said of it meanwhile."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0013_authors_of_what_waits")]
    operations = [
        migrations.AddField(
            model_name="service",
            name="computed_since",
            field=models.DateTimeField(null=True),
        )
    ]
