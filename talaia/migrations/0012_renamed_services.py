"""A service keeps the name of which its codes are made, and its former slugs, when it is renamed."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0011_check_findings")]

    operations = [
        migrations.AddField(model_name="service", name="first_slug", field=models.CharField(blank=True, max_length=120)),
        migrations.CreateModel(
            name="FormerSlug",
            fields=[
                ("slug", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("at", models.DateTimeField()),
                (
                    "service",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="former_slugs", to="talaia.service"
                    ),
                ),
            ],
        ),
    ]
