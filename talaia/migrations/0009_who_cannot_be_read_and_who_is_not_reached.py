"""Of an import, whether its file was whole at its end; of a recipient, what the list server makes of them."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("talaia", "0008_what_sources_say")]
    operations = [
        migrations.AddField("import", "ended", models.BooleanField(null=True)),
        migrations.AddField("recipient", "at_list", models.CharField(blank=True, default="", max_length=6)),
    ]
