"""A row that /healthz writes: that a database answers does not say that it takes anything."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0015_signal_again")]
    operations = [
        migrations.CreateModel(
            name="WriteTest",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
        )
    ]
