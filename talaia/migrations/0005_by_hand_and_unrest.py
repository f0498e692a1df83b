"""Why a state was set by hand, in public words; and the latest trouble of a service, while it may come back."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0004_whom_and_quiet")]

    operations = [
        migrations.AddField(model_name="service", name="override_words", field=models.JSONField(default=dict)),
        migrations.AddField(model_name="service", name="unrest", field=models.JSONField(default=dict)),
    ]
