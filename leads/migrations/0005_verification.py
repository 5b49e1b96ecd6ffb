import cursive.lib.tenancy.models
from cursive.lib.tenancy.migrations import ProtectTable
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_security'),
        ('leads', '0004_duplicates'),
    ]

    operations = [
        migrations.CreateModel(
            name='KnownAddress',
            fields=[
                ('digest', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('status', models.CharField(choices=[('valid', 'Valid'), ('invalid', 'Invalid'), ('catch_all', 'Catch-all'), ('risky', 'Risky'), ('unknown', 'Unknown')], max_length=10)),
                ('reason', models.CharField(blank=True, default='', max_length=200)),
                ('provider', models.CharField(max_length=20)),
                ('checked_at', models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
            ],
            options={
                'verbose_name': 'known address',
                'verbose_name_plural': 'known addresses',
            },
        ),
        migrations.CreateModel(
            name='Check',
            fields=[
                ('id', models.UUIDField(default=cursive.lib.tenancy.models.uuid7, editable=False, primary_key=True, serialize=False)),
                ('job_id', models.UUIDField()),
                ('address', models.CharField(max_length=254)),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('asking', 'Being asked'), ('answered', 'Answered'), ('done', 'Done'), ('cancelled', 'Cancelled')], default='waiting', max_length=10)),
                ('tries', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('lease_until', models.DateTimeField(null=True)),
                ('provider', models.CharField(blank=True, default='', max_length=20)),
                ('not_again', models.CharField(blank=True, default='', max_length=60)),
                ('status', models.CharField(blank=True, choices=[('valid', 'Valid'), ('invalid', 'Invalid'), ('catch_all', 'Catch-all'), ('risky', 'Risky'), ('unknown', 'Unknown')], default='', max_length=10)),
                ('reason', models.CharField(blank=True, default='', max_length=200)),
                ('is_void', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now)),
                ('finished_at', models.DateTimeField(null=True)),
                ('lead', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='checks', to='leads.lead')),
                ('workspace', models.ForeignKey(editable=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.workspace')),
            ],
            options={
                'abstract': False,
                'base_manager_name': 'objects',
                'indexes': [models.Index(fields=['workspace', 'job_id', 'state'], name='check_of_job'), models.Index(fields=['workspace', 'lead', '-finished_at'], name='check_of_lead'), models.Index(fields=['workspace', '-finished_at'], name='check_recent'), models.Index(condition=models.Q(('state__in', ['waiting', 'asking'])), fields=['next_attempt_at'], name='check_queue')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'asking', 'answered'])), fields=('workspace', 'lead'), name='check_open_once'), models.CheckConstraint(condition=models.Q(('tries__range', (0, 3))), name='check_tries_range'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['answered', 'done']), _negated=True), models.Q(('status', ''), _negated=True), _connector='OR'), name='check_answered_has_status')],
            },
        ),
        ProtectTable('leads_check'),
    ]
