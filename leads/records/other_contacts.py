"""Addresses and numbers of a lead beside its main ones: by these it is known too (ADR 0016).

A lead's main address and number are columns that are indexed in place. The others (work, personal,
mobile, direct, and what a merge took off the lead) are few: they are in a table of their own, so
that only leads that have them cost something, and so that there may be any number.
"""

# The normal form of an address as leads hold it, in lower case: what `normalise_email` makes of
# it. Numbers are in normal form already.
_KEYS_OF = """\
    SELECT DISTINCT l.workspace_id, k.key, l.id, false
    FROM {leads} l, LATERAL (VALUES (email_form(l.work_email)), (email_form(l.personal_email)),
        (l.mobile_phone), (l.direct_phone)) AS k(key)
    WHERE (l.work_email NOT IN ('', l.email) OR l.personal_email NOT IN ('', l.email)
        OR l.mobile_phone NOT IN ('', l.phone) OR l.direct_phone NOT IN ('', l.phone))
        AND k.key NOT IN ('', l.email_key, l.phone_key)"""
_KEEP = "INSERT INTO leads_leadcontact (workspace_id, key, lead_id, former)\n"
EMAIL_FORM_SQL = """\
CREATE FUNCTION email_form(address text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN lower(address) ~ '@(gmail|googlemail)[.]com$'
        THEN coalesce(
            nullif(replace(split_part(split_part(lower(address), '@', 1), '+', 1), '.', ''), ''),
            split_part(lower(address), '@', 1)
        ) || '@gmail.com'
        ELSE lower(address) END
$$;
"""
# An insert by COPY or SELECT is one statement, with all its rows at hand. An update rarely touches
# these columns, and a statement's trigger would have to keep all of its rows to find that out.
KEEP_CONTACTS_SQL = f"""\
CREATE FUNCTION keep_new_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    {_KEEP}{_KEYS_OF.format(leads="made")};
    RETURN NULL;
END $$;
CREATE FUNCTION keep_changed_contacts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM leads_leadcontact WHERE workspace_id = OLD.workspace_id AND lead_id = OLD.id
        AND (TG_OP = 'DELETE' OR NOT former);
    IF TG_OP = 'UPDATE' THEN
        {_KEEP}{_KEYS_OF.format(leads="(SELECT NEW.*)")};
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_new_contacts AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION keep_new_contacts();
CREATE TRIGGER keep_changed_contacts
    AFTER UPDATE OF email, email_key, work_email, personal_email,
        phone, phone_key, mobile_phone, direct_phone ON leads_lead
    FOR EACH ROW WHEN (
        (OLD.email, OLD.email_key, OLD.work_email, OLD.personal_email,
            OLD.phone, OLD.phone_key, OLD.mobile_phone, OLD.direct_phone)
        IS DISTINCT FROM
        (NEW.email, NEW.email_key, NEW.work_email, NEW.personal_email,
            NEW.phone, NEW.phone_key, NEW.mobile_phone, NEW.direct_phone)
    ) EXECUTE FUNCTION keep_changed_contacts();
CREATE TRIGGER forget_contacts AFTER DELETE ON leads_lead
    FOR EACH ROW EXECUTE FUNCTION keep_changed_contacts();
"""
DROP_CONTACTS_SQL = """\
DROP TRIGGER forget_contacts ON leads_lead;
DROP TRIGGER keep_changed_contacts ON leads_lead;
DROP TRIGGER keep_new_contacts ON leads_lead;
DROP FUNCTION keep_changed_contacts();
DROP FUNCTION keep_new_contacts();
DROP FUNCTION email_form(text);
"""
FILL_CONTACTS_SQL = _KEEP + _KEYS_OF.format(leads="leads_lead") + ";\n"
