from django.contrib.postgres.fields import ArrayField
from django.db import migrations, models
from django.db.models import F, Q
from django.utils import timezone

# What staff say of people of the lead database is theirs, who work as app_admin.
ONLY_STAFF = "REVOKE ALL ON leads_peopleapart FROM app_user;"
EVERYBODY = "GRANT SELECT, INSERT, UPDATE, DELETE ON leads_peopleapart TO app_user;"


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0010_header_line_and_jobs_leads'),
    ]

    operations = [
        migrations.RemoveField(model_name='leadmerge', name='survivor_updated_at'),
        migrations.AddField(
            model_name='leadmerge',
            name='after',
            field=models.JSONField(default=dict),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='leadmerge',
            name='stayed',
            field=ArrayField(
                base_field=models.CharField(max_length=60),
                default=list,
                help_text='Fields that undoing left alone, since they were changed after the merge.',
                size=None,
            ),
        ),
        migrations.CreateModel(
            name='PeopleApart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('first', models.BigIntegerField()),
                ('second', models.BigIntegerField()),
                ('decided_at', models.DateTimeField(default=timezone.now)),
                ('decided_by', models.CharField(max_length=200)),
            ],
            options={
                'constraints': [
                    models.UniqueConstraint(fields=('first', 'second'), name='people_apart_once'),
                    models.CheckConstraint(condition=Q(first__lt=F('second')), name='people_apart_order'),
                ],
            },
        ),
        migrations.RunSQL(ONLY_STAFF, EVERYBODY),
    ]
