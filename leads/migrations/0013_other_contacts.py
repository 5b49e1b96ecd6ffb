import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Q

from cursive.lib.tenancy.migrations import ProtectTable
from leads.records.other_contacts import (
    DROP_CONTACTS_SQL,
    EMAIL_FORM_SQL,
    FILL_CONTACTS_SQL,
    KEEP_CONTACTS_SQL,
)

# The leads of all workspaces are read: their policy would ask which one. What the foreign keys
# have to check is checked at once, since a table with checks to come can't be altered.
FILL = f"""\
ALTER TABLE leads_lead NO FORCE ROW LEVEL SECURITY;
{FILL_CONTACTS_SQL}
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE leads_lead FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_security'),
        ('leads', '0012_catalogue_merges'),
    ]

    operations = [
        migrations.CreateModel(
            name='LeadContact',
            fields=[
                ('pk', models.CompositePrimaryKey('workspace_id', 'key', 'lead_id', 'former', blank=True, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=254)),
                ('lead_id', models.UUIDField()),
                ('former', models.BooleanField(default=False)),
                ('merge_id', models.UUIDField(null=True)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'lead_id'], name='contact_of_lead')],
                'constraints': [
                    models.CheckConstraint(
                        condition=Q(former=False, merge_id__isnull=True) | Q(former=True, merge_id__isnull=False),
                        name='contact_former_by_merge',
                    )
                ],
            },
        ),
        migrations.RunSQL(EMAIL_FORM_SQL + KEEP_CONTACTS_SQL, DROP_CONTACTS_SQL),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        ProtectTable('leads_leadcontact'),
        migrations.AddField(
            model_name='duplicatecandidate',
            name='merge',
            field=models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.leadmerge'),
        ),
        migrations.AddIndex(
            model_name='duplicatecandidate',
            index=models.Index(condition=Q(state='dismissed'), fields=['workspace', '-decided_at', '-id'], name='duplicate_apart'),
        ),
        migrations.AddIndex(
            model_name='duplicatecandidate',
            index=models.Index(condition=Q(merge__isnull=False), fields=['workspace', 'merge'], name='duplicate_by_merge'),
        ),
    ]
