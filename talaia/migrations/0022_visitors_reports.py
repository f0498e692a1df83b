"""Visitors may say that a service fails for them."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0021_worst_level")]
    operations = [
        migrations.CreateModel(
            "VisitorReport",
            [
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("area", models.CharField(blank=True, max_length=60)),
                ("at", models.DateTimeField()),
                ("place", models.CharField(blank=True, max_length=64)),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="reports", to="talaia.service"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["at"], name="report_at"),
                    models.Index(condition=models.Q(("place", ""), _negated=True), fields=["at"], name="report_with_place"),
                ],
            },
        ),
    ]
