#include "postgres/statement_kind.h"

#include <gtest/gtest.h>

namespace sluice::postgres {
namespace {

TEST(StatementKind, ReadsAreCleanAndHarmless) {
  for (const char* sql : {"SELECT 1",
                          "select * from t where id in (1, 2)",
                          "(SELECT 1) UNION (SELECT 2)",
                          "VALUES (1), (2)",
                          "TABLE t",
                          "SHOW work_mem",
                          "SELECT count(*), max(a) FROM t GROUP BY b",
                          "WITH x AS (SELECT 1) SELECT * FROM x",
                          "WITH RECURSIVE x(n) AS (SELECT 1) TABLE x",
                          "SELECT pg_catalog.now()",
                          "SELECT CAST(a AS numeric(10, 2)) FROM t",
                          "SELECT * FROM generate_series(1, 3) AS g(i)",
                          "EXPLAIN SELECT 1",
                          "EXPLAIN (ANALYZE, FORMAT json) SELECT 1",
                          "SELECT 'copy', \"delete\" FROM t",
                          "-- copy\nSELECT 1",
                          "SELECT row_number() OVER (PARTITION BY a) FROM t",
                          "SELECT count(*) FILTER (WHERE a) FROM t",
                          "SELECT CASE WHEN (a) THEN 1 END FROM t",
                          "SELECT a FROM t WHERE EXISTS (SELECT 1) AND b = ANY ($1)",
                          "SELECT 1;",
                          "SELECT interval '1 day', now() - $1::timestamp(3)"}) {
    const StatementTraits traits = classify(sql);
    EXPECT_TRUE(traits.clean) << sql;
    EXPECT_TRUE(traits.reads) << sql;
    EXPECT_FALSE(traits.refusal) << sql;
    EXPECT_FALSE(traits.refuses_block) << sql;
  }
}

TEST(StatementKind, PlainWritesAreCleanButNotHarmless) {
  for (const char* sql :
       {"INSERT INTO t (a, b) VALUES (1, lower('X'))", "INSERT INTO public.t (a) VALUES (1)",
        "UPDATE t SET (a, b) = (1, 2) WHERE c", "DELETE FROM t USING u WHERE t.a = u.a",
        "MERGE INTO t USING u ON t.a = u.a WHEN MATCHED THEN DELETE",
        "WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT * FROM x",
        "SELECT * FROM t FOR UPDATE", "EXPLAIN ANALYZE DELETE FROM t",
        "INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = excluded.a"}) {
    const StatementTraits traits = classify(sql);
    EXPECT_TRUE(traits.clean) << sql;
    EXPECT_FALSE(traits.reads) << sql;
  }
}

TEST(StatementKind, WhateverIsNotKnownIsDirty) {
  for (const char* sql : {"SELECT my_function()",
                          "SELECT \"lower\"('x')",
                          "SELECT public.lower('x')",
                          "SELECT set_config('a', 'b', false)",
                          "SELECT pg_advisory_lock(1)",
                          "SELECT setval('s', 1)",
                          "SELECT 1 INTO t",
                          "SELECT 1 INTO TEMP t",
                          "SET work_mem = '1MB'",
                          "RESET ALL",
                          "CREATE TABLE t ()",
                          "DO $$ BEGIN END $$",
                          "CALL p()",
                          "NOTIFY x",
                          "LOAD 'x'",
                          "SELECT DISTINCT ON (a) my_function(a) FROM t",
                          "SELECT x.pg_catalog.now()",
                          "WITH x AS (SELECT my_function()) SELECT 1",
                          "SELECT dblink_exec('x')",
                          "EXPLAIN CALL p()",
                          "SELECT * FROM my_function() AS f(a)",
                          "SELECT lower(my_function())",
                          "blah",
                          "\"select\" 1",
                          "INSERT INTO t SELECT my_function()",
                          "SELECT 1, my_function /* */ ()",
                          "SELECT setseed(0.5)",
                          "DISCARD ALL"}) {
    const StatementTraits traits = classify(sql);
    EXPECT_FALSE(traits.clean) << sql;
    EXPECT_FALSE(traits.reads) << sql;
  }
}

TEST(StatementKind, RefusesWhatNeedsAConnectionOfItsOwn) {
  for (const char* sql : {"BEGIN",
                          "begin work",
                          "START TRANSACTION",
                          "COMMIT",
                          "ROLLBACK TO a",
                          "END",
                          "ABORT",
                          "SAVEPOINT a",
                          "RELEASE a",
                          "PREPARE TRANSACTION 'x'",
                          "COMMIT PREPARED 'x'",
                          "COPY t FROM STDIN",
                          "/* x */ copy (select 1) to stdout",
                          "LISTEN a",
                          "UNLISTEN *",
                          "PREPARE a AS SELECT 1",
                          "EXECUTE a",
                          "DEALLOCATE ALL",
                          "DECLARE c CURSOR FOR SELECT 1",
                          "FETCH 1 FROM c",
                          "MOVE c",
                          "CLOSE c",
                          ";COMMIT"}) {
    const StatementTraits traits = classify(sql);
    ASSERT_TRUE(traits.refusal) << sql;
    const std::string_view why = traits.refusal;
    EXPECT_NE(why.find("PoolManager::"), std::string_view::npos) << sql << ": " << why;
    const bool in_session = why.find("POST /databases/<db_id>/sessions") != std::string_view::npos;
    EXPECT_EQ(in_session, traits.needs_session) << sql << ": " << why;
  }
  for (const char* sql : {"SELECT 'copy'", "NOTIFY a", "SELECT begin FROM t", "SET ROLE x"})
    EXPECT_FALSE(classify(sql).refusal) << sql;
}

TEST(StatementKind, KnowsWhatRefusesATransactionBlock) {
  for (const char* sql :
       {"VACUUM", "VACUUM FULL t", "CREATE DATABASE x", "DROP DATABASE x", "CREATE TABLESPACE x",
        "CREATE UNIQUE INDEX CONCURRENTLY i ON t (a)", "DROP INDEX CONCURRENTLY i",
        "REINDEX TABLE t", "CLUSTER", "ALTER SYSTEM SET a = 1", "CALL p()", "DO 'x'", "DISCARD ALL",
        "BEGIN", "COMMIT", "ALTER TABLE t DETACH PARTITION p CONCURRENTLY"})
    EXPECT_TRUE(classify(sql).refuses_block) << sql;
  for (const char* sql : {"CREATE TABLE t ()", "SELECT vacuum FROM t", "CREATE INDEX i ON t (a)",
                          "ALTER TABLE t ADD a int", "ANALYZE", "CREATE", "ALTER"})
    EXPECT_FALSE(classify(sql).refuses_block) << sql;
}

TEST(StatementKind, KnowsWhatMayCommitOrDropStatements) {
  EXPECT_TRUE(classify("CALL p()").may_commit);
  EXPECT_TRUE(classify("do $$ begin commit; end $$").may_commit);
  EXPECT_FALSE(classify("SELECT 1").may_commit);
  for (const char* in_parts :
       {"CALL p()", "do $$ begin COMMIT; end $$", "do $$ begin call p(); end $$",
        "do 'begin com'\n'mit; end'", "do language plpython3u $$ plpy.do() $$",
        "do $x$ begin execute 'c' || 'all p()'; end $x$"}) {
    EXPECT_TRUE(classify(in_parts).commits_in_parts) << in_parts;
  }
  for (const char* whole : {"DO $$ begin raise 'x' using errcode = '57P01'; end $$", "SELECT 1"}) {
    EXPECT_FALSE(classify(whole).commits_in_parts) << whole;
  }
  EXPECT_TRUE(classify("DISCARD ALL").stales_statements);
  EXPECT_TRUE(classify("DEALLOCATE ALL").stales_statements);
  EXPECT_FALSE(classify("SELECT 1").stales_statements);
}

TEST(StatementKind, KnowsWhenThereIsNothing) {
  for (const char* sql : {"", " ", "-- a", "/* a */", ";", "(", ";;"})
    EXPECT_TRUE(classify(sql).empty) << sql;
  EXPECT_FALSE(classify("EXPLAIN").empty);
  EXPECT_FALSE(classify("EXPLAIN (").clean);
}

TEST(StatementKind, AHugeStatementIsDirtyRatherThanSlow) {
  std::string sql = "SELECT 1";
  for (int i = 0; i < 30'000; ++i) sql += ", 1";
  EXPECT_FALSE(classify(sql).clean);
}

TEST(StatementKind, SomeCommandsNeverGiveRows) {
  for (const char* sql : {"CREATE TABLE t (a int)", "alter table t add b int", "BEGIN", "COMMIT",
                          "SET search_path = x", "TRUNCATE t", "CREATE TABLE t AS SELECT 1"}) {
    EXPECT_TRUE(classify(sql).gives_no_rows) << sql;
  }
  for (const char* sql : {"SELECT 1", "EXPLAIN CREATE TABLE t AS SELECT 1", "SHOW work_mem",
                          "INSERT INTO t VALUES (1)", "FETCH 1 FROM c", "CALL p()", "DO ''"}) {
    EXPECT_FALSE(classify(sql).gives_no_rows) << sql;
  }
}

TEST(StatementKind, SomeAreRefusedOnlyToWhoDoesNotKeepTheConnection) {
  for (const char* sql :
       {"BEGIN", "SAVEPOINT a", "ROLLBACK TO a", "COMMIT", "PREPARE a AS SELECT 1", "EXECUTE a",
        "DECLARE c CURSOR FOR SELECT 1", "FETCH c", "CLOSE c"}) {
    EXPECT_TRUE(classify(sql).refusal && classify(sql).needs_session) << sql;
  }
  for (const char* sql : {"COPY t FROM stdin", "LISTEN a", "UNLISTEN *"}) {
    EXPECT_TRUE(classify(sql).refusal) << sql;
    EXPECT_FALSE(classify(sql).needs_session) << sql;
  }
  EXPECT_FALSE(classify("SELECT 1").needs_session);
}

}  // namespace
}  // namespace sluice::postgres
