//! The questions to the catalogue (PostgreSQL, System Catalogs). All answers are texts; `{}` is where one table is chosen.

/// Tables and views that the user may read or write: number, schema, name, kind, whether an unqualified name means it, comment, what
/// may be done (the updatable bits of `pg_relation_is_updatable`) and the user's rights.
pub(super) const RELATIONS: &str = "\
SELECT c.oid::text, n.nspname::text, c.relname::text, c.relkind::text, (n.nspname = current_schema())::text,
       obj_description(c.oid, 'pg_class')::text,
       pg_relation_is_updatable(c.oid, false)::text,
       has_any_column_privilege(c.oid, 'SELECT')::text, has_any_column_privilege(c.oid, 'INSERT')::text,
       has_any_column_privilege(c.oid, 'UPDATE')::text, has_table_privilege(c.oid, 'DELETE')::text,
       current_user::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')
  {}
ORDER BY n.nspname, c.relname";

/// Tables and views of users, whether or not this user has a right on them: schema, name, who asks, whether the schema may be used.
pub(super) const OTHERS: &str = "\
SELECT n.nspname::text, c.relname::text, current_user::text, has_schema_privilege(n.oid, 'USAGE')::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  {}
ORDER BY n.nspname, c.relname";

/// Columns: table, name, type as written, type for a cast, name, form, category and modifier of the base type, not null, default,
/// identity, generated, comment, rights to read, insert and update, whether the relation lets it be written, labels of an enumeration.
pub(super) const COLUMNS: &str = "\
SELECT c.oid::text, a.attname::text, format_type(a.atttypid, a.atttypmod), format_type(a.atttypid, -1),
       b.typname::text, b.typtype::text, b.typcategory::text,
       (CASE WHEN t.typtype = 'd' THEN t.typtypmod ELSE a.atttypmod END)::text,
       (a.attnotnull OR (t.typtype = 'd' AND t.typnotnull))::text, (a.atthasdef OR (t.typtype = 'd' AND t.typdefault IS NOT NULL))::text,
       a.attidentity::text, a.attgenerated::text, col_description(c.oid, a.attnum)::text,
       has_column_privilege(c.oid, a.attnum, 'SELECT')::text, has_column_privilege(c.oid, a.attnum, 'INSERT')::text,
       has_column_privilege(c.oid, a.attnum, 'UPDATE')::text,
       (c.relkind NOT IN ('v', 'm') OR pg_column_is_updatable(c.oid, a.attnum, false))::text,
       (SELECT json_agg(e.enumlabel::text ORDER BY e.enumsortorder)::text FROM pg_enum e WHERE e.enumtypid = b.oid),
       COALESCE((SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum), t.typdefault)::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_attribute a ON a.attrelid = c.oid
JOIN pg_type t ON t.oid = a.atttypid
JOIN pg_type b ON b.oid = CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.oid END
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  {}
ORDER BY c.oid, a.attnum";

/// Unique indexes over whole columns and all rows: table, name, primary, usable for `ON CONFLICT`, columns in order.
pub(super) const KEYS: &str = "\
SELECT c.oid::text, x.relname::text, i.indisprimary::text, i.indimmediate::text,
       (SELECT json_agg(a.attname::text ORDER BY k.ord)::text
          FROM unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, ord)
          JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
         WHERE k.ord <= i.indnkeyatts)
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class x ON x.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
  {}
ORDER BY c.oid, i.indisprimary DESC, x.relname";

/// Foreign keys of one column, from either end: table, name, column, and the other table's schema, name, whether it is in the default
/// schema, and column.
pub(super) const REFERENCES: &str = "\
SELECT f.conrelid::text, f.conname::text,
       (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = f.conrelid AND a.attnum = f.conkey[1]),
       fn.nspname::text, fc.relname::text, (fn.nspname = current_schema())::text,
       (SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = f.confrelid AND a.attnum = f.confkey[1]),
       f.confrelid::text, cn.nspname::text, c.relname::text, (cn.nspname = current_schema())::text
FROM pg_constraint f
JOIN pg_class c ON c.oid = f.conrelid JOIN pg_namespace cn ON cn.oid = c.relnamespace
JOIN pg_class fc ON fc.oid = f.confrelid JOIN pg_namespace fn ON fn.oid = fc.relnamespace
WHERE f.contype = 'f' AND cardinality(f.conkey) = 1 AND f.conparentid = 0
  {}
ORDER BY f.conname";
