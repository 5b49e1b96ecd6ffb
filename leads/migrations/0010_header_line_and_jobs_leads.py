from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('leads', '0009_catalogue_look'),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='header_line',
            field=models.IntegerField(null=True),
        ),
        migrations.AlterField(
            model_name='enrichment',
            name='reading',
            field=models.JSONField(help_text='delimiter, encoding, header, header_line, as said.'),
        ),
        migrations.AddIndex(
            model_name='lead',
            index=models.Index(condition=models.Q(('job_id__isnull', False)), fields=['workspace', 'job_id'], name='lead_job'),
        ),
    ]
