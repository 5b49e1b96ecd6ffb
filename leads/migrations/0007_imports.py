import cursive.lib.tenancy.models
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from cursive.lib.tenancy.migrations import ProtectTable


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_security'),
        ('cursive', '0003_drop_old_partitions'),
        ('leads', '0006_bulk'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='RememberedMapping',
            fields=[
                ('id', models.UUIDField(default=cursive.lib.tenancy.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(max_length=20)),
                ('header_key', models.CharField(max_length=32)),
                ('fields', models.JSONField(help_text='Column name → field, or null where it is left out.')),
                ('updated_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'constraints': [models.UniqueConstraint(fields=('workspace', 'purpose', 'header_key'), name='mapping_remembered_once')],
            },
        ),
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.UUIDField(default=cursive.lib.tenancy.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(max_length=20)),
                ('file_name', models.CharField(max_length=200)),
                ('size', models.BigIntegerField(help_text='Bytes.')),
                ('kind', models.CharField(max_length=8)),
                ('description', models.CharField(max_length=200)),
                ('delimiter', models.CharField(blank=True, default='', max_length=1)),
                ('encoding', models.CharField(blank=True, default='', max_length=20)),
                ('header', models.BooleanField(null=True)),
                ('has_header', models.BooleanField()),
                ('columns', models.JSONField()),
                ('sample', models.JSONField()),
                ('header_key', models.CharField(max_length=32)),
                ('mapping', models.JSONField(help_text='As leads.records.mapping.Mapping has it.')),
                ('is_remembered', models.BooleanField(default=False, help_text='The mapping is an earlier one.')),
                ('row_count', models.BigIntegerField(help_text='Unknown until it has been read.', null=True)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('file_removed_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', '-created_at'], name='upload_recent')],
                'constraints': [models.UniqueConstraint(fields=('workspace', 'id'), name='upload_of_workspace')],
            },
        ),
        migrations.CreateModel(
            name='Import',
            fields=[
                ('id', models.UUIDField(default=cursive.lib.tenancy.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('label', models.CharField(blank=True, default='', max_length=80)),
                ('plan', models.JSONField(default=dict)),
                ('options', models.JSONField(default=dict, help_text='tags, owner, status, existing.')),
                ('created_by_label', models.CharField(blank=True, default='', max_length=200)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('files_removed_at', models.DateTimeField(null=True)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cursive.job')),
                ('preview_job', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='cursive.job')),
                ('upload', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='leads.upload')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', '-created_at', '-id'], name='import_recent')],
            },
        ),
        ProtectTable('leads_import'),
        ProtectTable('leads_upload'),
        ProtectTable('leads_rememberedmapping'),
    ]
