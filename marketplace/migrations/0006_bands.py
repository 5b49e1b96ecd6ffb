from django.db import migrations

# A band such as 1001-5000 was taken for a telephone number, and hidden. The people of all sellers
# are read: their policy would ask whose.
SHOW = """\
ALTER TABLE marketplace_listingperson NO FORCE ROW LEVEL SECURITY;
UPDATE marketplace_listing l
SET employee_band = left(coalesce(p.record ->> 'employee_band', ''), 10),
    revenue_band = left(coalesce(p.record ->> 'revenue_band', ''), 12)
FROM marketplace_listingperson p
WHERE p.listing_id = l.id AND '[hidden]' IN (l.employee_band, l.revenue_band);
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE marketplace_listingperson FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('marketplace', '0005_sellers'),
    ]

    operations = [
        migrations.RunSQL(SHOW, migrations.RunSQL.noop),
    ]
