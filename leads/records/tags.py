"""Tags of leads, and how a filter by tag finds them quickly under row-level security.

Array operators can't use an index there: they aren't leakproof, so PostgreSQL compares them only
after the policy, on every row of the workspace. Comparing texts and ids may use one. So the tags
are in a table of their own too, which triggers keep, and filters ask that.
"""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models.lookups import Lookup

HAS_ONE_OF = (
    "EXISTS (SELECT 1 FROM leads_leadtag t WHERE t.workspace_id = {table}.workspace_id"
    " AND t.lead_id = {table}.id AND t.tag IN ({marks}))"
)
# An insert by COPY or SELECT is one statement, with all its rows at hand. An update rarely touches
# tags, and a statement's trigger would have to keep all of its rows to find that out.
KEEP_TAGS_SQL = """\
CREATE FUNCTION keep_new_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_leadtag (workspace_id, tag, lead_id)
    SELECT DISTINCT n.workspace_id, t.tag, n.id FROM made n, unnest(n.tags) AS t(tag)
    WHERE n.tags <> '{}';
    RETURN NULL;
END $$;
CREATE FUNCTION keep_changed_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR NOT (OLD.tags <@ NEW.tags) THEN
        DELETE FROM leads_leadtag
        WHERE workspace_id = OLD.workspace_id AND lead_id = OLD.id AND tag = ANY(OLD.tags)
            AND (TG_OP = 'DELETE' OR NOT tag = ANY(NEW.tags));
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO leads_leadtag (workspace_id, tag, lead_id)
        SELECT DISTINCT NEW.workspace_id, t.tag, NEW.id FROM unnest(NEW.tags) AS t(tag)
        WHERE NOT t.tag = ANY(OLD.tags);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER keep_new_tags AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS made FOR EACH STATEMENT EXECUTE FUNCTION keep_new_tags();
CREATE TRIGGER keep_changed_tags AFTER UPDATE OF tags ON leads_lead
    FOR EACH ROW WHEN (OLD.tags IS DISTINCT FROM NEW.tags) EXECUTE FUNCTION keep_changed_tags();
CREATE TRIGGER forget_tags AFTER DELETE ON leads_lead
    FOR EACH ROW WHEN (OLD.tags <> '{}') EXECUTE FUNCTION keep_changed_tags();
INSERT INTO leads_leadtag (workspace_id, tag, lead_id)
SELECT DISTINCT l.workspace_id, t.tag, l.id FROM leads_lead l, unnest(l.tags) AS t(tag);
"""
DROP_TAGS_SQL = """\
DROP TRIGGER forget_tags ON leads_lead;
DROP TRIGGER keep_changed_tags ON leads_lead;
DROP TRIGGER keep_new_tags ON leads_lead;
DROP FUNCTION keep_changed_tags();
DROP FUNCTION keep_new_tags();
"""


class TagsField(ArrayField):
    """The tags of a lead, in their stored form, sorted."""

    def deconstruct(self) -> Any:
        """To migrations it is the array that it is."""
        name, _, args, kwargs = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", args, kwargs


class _Tagged(Lookup):
    """A condition on tags that asks the table of tags."""

    prepare_rhs = False

    def _exists(self, compiler: Any, tags: list[str]) -> tuple[str, tuple[str, ...]]:
        table = compiler.quote_name_unless_alias(self.lhs.alias)
        marks = ", ".join(["%s"] * len(tags))
        return HAS_ONE_OF.format(table=table, marks=marks), tuple(tags)


@TagsField.register_lookup
class HasAnyTag(_Tagged):
    """`tags__overlap`: has one of them."""

    lookup_name = "overlap"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str, ...]]:
        """One look into the index a tag."""
        tags = list(dict.fromkeys(self.rhs))
        return self._exists(compiler, tags) if tags else ("FALSE", ())


@TagsField.register_lookup
class HasAllTags(_Tagged):
    """`tags__contains`: has each of them."""

    lookup_name = "contains"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str, ...]]:
        """A look for each."""
        parts, params = [], list[str]()
        for tag in dict.fromkeys(self.rhs):
            sql, more = self._exists(compiler, [tag])
            parts.append(sql)
            params += more
        return (f"({' AND '.join(parts)})", tuple(params)) if parts else ("TRUE", ())
