"""Tables are called by the words of the field; what they hold stays as it is."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("talaia", "0018_levels_that_wait")]
    operations = [
        migrations.RenameModel("Ring", "PollRequest"),
        migrations.RenameModel("Intake", "RawWebhook"),
        migrations.RenameModel("Look", "ExportCheck"),
        migrations.RenameModel("Posting", "NoticeRecipient"),
        migrations.RenameModel("Letter", "ListPost"),
    ]
