"""Since when a service is listed, until when anybody watched, and what of a day was known only afterwards."""

import django.db.models.deletion
from django.db import migrations, models


def begin(apps, schema_editor):
    """What is known so far: a service was listed since its first trace, and the sources were heard until their last."""
    service, listing = apps.get_model("talaia", "Service"), apps.get_model("talaia", "Listing")
    for row in service.objects.annotate(first=models.Min("transitions__at")):
        since = min(filter(None, (row.first, row.since)))
        listing.objects.create(service=row, since=since, until=row.retired_at)
    heard = apps.get_model("talaia", "SourceState").objects.aggregate(last=models.Max("heard_at"))["last"]
    if heard:
        apps.get_model("talaia", "Watched").objects.create(pk=1, at=heard)


class Migration(migrations.Migration):
    dependencies = [("talaia", "0002_facts_are_final")]

    operations = [
        migrations.CreateModel(
            name="Watched",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="day",
            name="filled",
            field=models.IntegerField(default=0),
        ),
        migrations.CreateModel(
            name="Listing",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="listings", to="talaia.service"
                    ),
                ),
            ],
        ),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
