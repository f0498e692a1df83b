"""When an alert that fires was told to have begun once more: its end of before may still be on its way."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0014_since_when_it_is_measured")]
    operations = [
        migrations.AddField(
            model_name="signal",
            name="again_at",
            field=models.DateTimeField(null=True),
        ),
    ]
