#include "gateway/schema_statement.h"

namespace sluice::gateway {

// One round trip: every row is the name of a list and one entry of it, which PostgreSQL itself
// writes as JSON. $1: schema, $2: table (null: all), $3: the lists that are wanted, $4: whether
// system schemas are looked at, $5: how many entries of a list at most, and one more tells that
// there are others, $6: function, $7: type. Who names a table, a function or a type gets those
// alone. What belongs to an extension, or was made along with something else as the functions of a
// range, is not shown (a partitioned table depends on its own key so), and neither are schemas that
// the user may not use.
const char* const kSchemaStatement = R"(
WITH
spaces AS MATERIALIZED (
  SELECT n.oid, n.nspname FROM pg_catalog.pg_namespace n
  WHERE ($1::text IS NULL OR n.nspname = $1::text)
    AND pg_catalog.has_schema_privilege(n.oid, 'USAGE')
    AND ($4::boolean OR NOT (n.nspname LIKE 'pg\_%' OR n.nspname = 'information_schema'))),
members AS MATERIALIZED (
  SELECT d.classid, d.objid FROM pg_catalog.pg_depend d
  WHERE d.deptype IN ('e', 'i') AND d.objid <> d.refobjid),
relations AS MATERIALIZED (
  SELECT c.*, s.nspname, CASE WHEN c.relkind IN ('v', 'm') THEN 'views' ELSE 'tables' END AS list
  FROM pg_catalog.pg_class c JOIN spaces s ON s.oid = c.relnamespace
  WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND NOT c.relispartition
    AND CASE WHEN $2::text IS NULL THEN $6::text IS NULL AND $7::text IS NULL ELSE c.relname = $2::text END
    AND NOT EXISTS (SELECT FROM members m
                    WHERE m.classid = 'pg_catalog.pg_class'::regclass AND m.objid = c.oid)),
counted AS (
  SELECT r.*, pg_catalog.row_number() OVER (PARTITION BY r.list ORDER BY r.nspname, r.relname) AS n
  FROM relations r WHERE r.list = ANY ($3::text[]))
(SELECT 'schemas', pg_catalog.json_build_object('name', s.nspname, 'comment', pg_catalog.obj_description(s.oid, 'pg_namespace'))
 FROM spaces s WHERE 'schemas' = ANY ($3::text[]) ORDER BY s.nspname LIMIT $5::int + 1)
UNION ALL
(SELECT c.list, pg_catalog.json_build_object(
  'schema', c.nspname, 'name', c.relname,
  'kind', CASE c.relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitioned_table' WHEN 'f' THEN 'foreign_table'
          WHEN 'v' THEN 'view' ELSE 'materialized_view' END,
  'comment', pg_catalog.obj_description(c.oid, 'pg_class'),
  'definition', CASE WHEN c.relkind IN ('v', 'm') THEN pg_catalog.pg_get_viewdef(c.oid) END,
  'privileges', (SELECT COALESCE(pg_catalog.json_agg(p), '[]') FROM pg_catalog.unnest(ARRAY['select', 'insert', 'update', 'delete']) p
    WHERE pg_catalog.has_table_privilege(c.oid, p)),
  'row_security', c.relrowsecurity,
  'estimated_rows', CASE WHEN c.relkind <> 'v' AND c.reltuples >= 0 THEN c.reltuples::bigint END,
  'columns', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
      'name', a.attname, 'type', pg_catalog.format_type(a.atttypid, a.atttypmod), 'nullable', NOT a.attnotnull,
      'default', CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
      'generated', CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
      'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by_default' END,
      'comment', pg_catalog.col_description(c.oid, a.attnum)) ORDER BY a.attnum), '[]')
    FROM pg_catalog.pg_attribute a
    LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'primary_key', (SELECT pg_catalog.json_build_object('name', k.conname, 'columns', k.columns)
    FROM (SELECT o.conname, (SELECT pg_catalog.json_agg(a.attname ORDER BY u.n)
        FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY u(attnum, n)
        JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = u.attnum) AS columns
      FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.contype = 'p') k),
  'unique_keys', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', o.conname, 'columns',
      (SELECT pg_catalog.json_agg(a.attname ORDER BY u.n) FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY u(attnum, n)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = u.attnum)) ORDER BY o.conname), '[]')
    FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.contype = 'u'),
  'foreign_keys', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', o.conname, 'columns',
      (SELECT pg_catalog.json_agg(a.attname ORDER BY u.n) FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY u(attnum, n)
       JOIN pg_catalog.pg_attribute a ON a.attrelid = o.conrelid AND a.attnum = u.attnum),
      'references', pg_catalog.json_build_object('schema', fn.nspname, 'table', f.relname, 'columns',
        (SELECT pg_catalog.json_agg(a.attname ORDER BY u.n) FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY u(attnum, n)
         JOIN pg_catalog.pg_attribute a ON a.attrelid = o.confrelid AND a.attnum = u.attnum)),
      'on_update', CASE o.confupdtype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set_null' WHEN 'd' THEN 'set_default'
                   WHEN 'r' THEN 'restrict' ELSE 'no_action' END,
      'on_delete', CASE o.confdeltype WHEN 'c' THEN 'cascade' WHEN 'n' THEN 'set_null' WHEN 'd' THEN 'set_default'
                   WHEN 'r' THEN 'restrict' ELSE 'no_action' END) ORDER BY o.conname), '[]')
    FROM pg_catalog.pg_constraint o JOIN pg_catalog.pg_class f ON f.oid = o.confrelid
    JOIN pg_catalog.pg_namespace fn ON fn.oid = f.relnamespace
    WHERE o.conrelid = c.oid AND o.contype = 'f' AND o.conparentid = 0),
  'checks', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', o.conname,
      'expression', pg_catalog.pg_get_constraintdef(o.oid)) ORDER BY o.conname), '[]')
    FROM pg_catalog.pg_constraint o WHERE o.conrelid = c.oid AND o.contype = 'c'),
  'indexes', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', i.relname, 'unique', x.indisunique,
      'primary', x.indisprimary, 'valid', x.indisvalid, 'method', m.amname,
      'definition', pg_catalog.pg_get_indexdef(x.indexrelid)) ORDER BY i.relname), '[]')
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_am m ON m.oid = i.relam WHERE x.indrelid = c.oid))
 FROM counted c WHERE c.n <= $5::int + 1 ORDER BY c.list, c.nspname, c.relname)
UNION ALL
(SELECT 'functions', pg_catalog.json_build_object('schema', s.nspname, 'name', p.proname,
  'kind', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window' ELSE 'function' END,
  'arguments', pg_catalog.pg_get_function_arguments(p.oid), 'returns', pg_catalog.pg_get_function_result(p.oid),
  'parameters', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', NULLIF(x.name, ''),
      'type', pg_catalog.format_type(x.type, NULL), 'mode', CASE x.mode WHEN 'o' THEN 'out' WHEN 'b' THEN 'inout'
        WHEN 'v' THEN 'variadic' WHEN 't' THEN 'table' ELSE 'in' END) ORDER BY x.n), '[]')
    FROM ROWS FROM (pg_catalog.unnest(COALESCE(p.proallargtypes, p.proargtypes::oid[])), pg_catalog.unnest(p.proargnames),
      pg_catalog.unnest(p.proargmodes)) WITH ORDINALITY x(type, name, mode, n)),
  'returns_set', p.proretset, 'strict', p.proisstrict, 'security_definer', p.prosecdef,
  'language', l.lanname, 'volatility', CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable' ELSE 'volatile' END,
  'comment', pg_catalog.obj_description(p.oid, 'pg_proc'))
 FROM pg_catalog.pg_proc p JOIN spaces s ON s.oid = p.pronamespace JOIN pg_catalog.pg_language l ON l.oid = p.prolang
 WHERE 'functions' = ANY ($3::text[])
   AND CASE WHEN $6::text IS NULL THEN $2::text IS NULL AND $7::text IS NULL ELSE p.proname = $6::text END
   AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_catalog.pg_proc'::regclass AND m.objid = p.oid)
 ORDER BY s.nspname, p.proname, p.oid LIMIT $5::int + 1)
UNION ALL
(SELECT 'types', pg_catalog.json_build_object('schema', s.nspname, 'name', t.typname,
  'kind', CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' ELSE 'composite' END,
  'comment', pg_catalog.obj_description(t.oid, 'pg_type'),
  'values', (SELECT pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid),
  'base_type', CASE t.typtype WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
    WHEN 'r' THEN (SELECT pg_catalog.format_type(r.rngsubtype, NULL) FROM pg_catalog.pg_range r WHERE r.rngtypid = t.oid) END,
  'nullable', NOT t.typnotnull, 'default', t.typdefault,
  'checks', (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', o.conname,
      'expression', pg_catalog.pg_get_constraintdef(o.oid)) ORDER BY o.conname), '[]')
    FROM pg_catalog.pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c'),
  'attributes', (SELECT pg_catalog.json_agg(pg_catalog.json_build_object('name', a.attname,
      'type', pg_catalog.format_type(a.atttypid, a.atttypmod)) ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
 FROM pg_catalog.pg_type t JOIN spaces s ON s.oid = t.typnamespace
 LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
 WHERE 'types' = ANY ($3::text[]) AND (t.typtype IN ('e', 'd', 'r') OR t.typtype = 'c' AND c.relkind = 'c')
   AND CASE WHEN $7::text IS NULL THEN $2::text IS NULL AND $6::text IS NULL ELSE t.typname = $7::text END
   AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_catalog.pg_type'::regclass AND m.objid = t.oid)
 ORDER BY s.nspname, t.typname LIMIT $5::int + 1))";

}  // namespace sluice::gateway
