"""What each built-in check found last, for operators."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0010_what_servers_mean")]
    operations = [
        migrations.CreateModel(
            name="CheckFinding",
            fields=[
                ("check_id", models.CharField(max_length=80, primary_key=True, serialize=False)),
                ("kind", models.CharField(max_length=10)),
                ("what", models.TextField()),
                ("since", models.DateTimeField()),
                ("at", models.DateTimeField()),
            ],
        )
    ]
