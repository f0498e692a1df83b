"""What a mail server's answer means is written down beside each copy, and what came back because of us apart.

Days that were counted before that was read are forgotten: many of them were the fault of a server, or ours.
"""

from django.db import migrations, models


def begin_anew(apps, schema_editor):
    apps.get_model("talaia", "Bounce").objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [("talaia", "0009_who_cannot_be_read_and_who_is_not_reached")]

    operations = [
        migrations.RunPython(begin_anew, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="bounce", name="bounce_once_a_day"),
        migrations.AddField(model_name="bounce", name="ours", field=models.BooleanField(default=False)),
        migrations.AddField(model_name="posting", name="meaning", field=models.CharField(blank=True, max_length=7)),
        migrations.AddIndex(model_name="bounce", index=models.Index(fields=["day"], name="bounce_day")),
        migrations.AddConstraint(
            model_name="bounce",
            constraint=models.UniqueConstraint(fields=("recipient", "day", "ours"), name="bounce_once_a_day"),
        ),
    ]
