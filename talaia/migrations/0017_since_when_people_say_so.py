"""Since when people say how a service is, which may be before they said it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0016_write_test")]
    operations = [
        migrations.AddField("impact", "since", models.DateTimeField(null=True)),
        migrations.AddField("service", "said_since", models.DateTimeField(null=True)),
    ]
