from django.db import migrations

from cursive.lib.partitions import CreatePartitionFunctions
from cursive.lib.tenancy.migrations import CreateRefuseChangeFunction, CreateWorkspaceFunction


class Migration(migrations.Migration):
    initial = True

    dependencies: list[tuple[str, str]] = []

    operations = [
        CreateWorkspaceFunction(),
        CreateRefuseChangeFunction(),
        CreatePartitionFunctions(),
    ]
