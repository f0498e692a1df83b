from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("talaia", "0007_second_yes_and_waits"),
    ]

    operations = [
        migrations.AddField(
            model_name="sourcestate",
            name="answered_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="signal",
            name="doubted_at",
            field=models.DateTimeField(null=True),
        ),
    ]
