from django.db import migrations

from cursive.lib.partitions import CreateDropOldPartitions


class Migration(migrations.Migration):
    dependencies = [("cursive", "0002_initial")]

    operations = [CreateDropOldPartitions()]
