#include <gtest/gtest.h>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

class Types : public OpenConnectionTest {
 protected:
  Column column(const std::string& expression) {
    const auto result = run("SELECT " + expression);
    EXPECT_TRUE(result) << expression << ": " << (result ? "" : result.error().message);
    return result ? result->columns.at(0) : Column{};
  }
};

ValueKind expected_kind(const std::string& name) {
  if (name == "bool") return ValueKind::kBool;
  if (name == "int8" || name == "numeric") return ValueKind::kExactNumber;
  if (name == "json" || name == "jsonb") return ValueKind::kJson;
  if (name == "timestamp" || name == "timestamptz") return ValueKind::kTimestamp;
  if (name == "bytea") return ValueKind::kBytes;
  for (const char* number : {"int2", "int4", "oid", "float4", "float8"}) {
    if (name == number) return ValueKind::kNumber;
  }
  return ValueKind::kText;
}

TEST_F(Types, OfPostgresqlItselfAreAllKnownAndSoAreTheirArrays) {
  const auto types =
      run("SELECT oid::text, typname, typdelim, typarray::text FROM pg_type WHERE oid < 10000 AND "
          "typtype IN ('b', 'r', 'm') AND NOT (typcategory = 'A' AND typname LIKE '\\_%') AND "
          "typname NOT LIKE 'pg\\_%' AND typname <> 'gtsvector'");
  ASSERT_TRUE(types) << types.error().message;
  ASSERT_GT(types->rows.size(), 60U);
  for (const auto& row : types->rows) {
    const std::string& name = *row[1];
    const Column plain = column("NULL::pg_catalog.\"" + name + "\"");
    EXPECT_EQ(plain.type, name);
    EXPECT_EQ(std::to_string(plain.oid), *row[0]) << name;
    EXPECT_EQ(plain.kind, expected_kind(name)) << name;
    EXPECT_FALSE(plain.array) << name;
    const Column array = column("NULL::pg_catalog.\"" + name + "\"[]");
    EXPECT_EQ(array.type, "_" + name);
    EXPECT_EQ(std::to_string(array.oid), *row[3]) << name;
    EXPECT_EQ(array.kind, expected_kind(name)) << name;
    EXPECT_TRUE(array.array) << name;
    EXPECT_EQ(std::string(1, array.delimiter), *row[2]) << name;
  }
}

TEST_F(Types, OfUsersAreLookedUpOnceAndForAllConnections) {
  ASSERT_TRUE(run("CREATE TYPE mood AS ENUM ('sad', 'ok')"));
  ASSERT_TRUE(run("CREATE DOMAIN positive AS int8 CHECK (value > 0)"));
  ASSERT_TRUE(run("CREATE TYPE point3 AS (x float8, y float8, z float8)"));
  ASSERT_TRUE(run("CREATE TYPE moods AS RANGE (subtype = float8)"));
  EXPECT_EQ(column("'ok'::mood").type, "mood");
  EXPECT_EQ(column("'ok'::mood").kind, ValueKind::kText);
  const Column moods = column("ARRAY['ok', 'sad']::mood[]");
  EXPECT_EQ(moods.type, "_mood");
  EXPECT_TRUE(moods.array);
  EXPECT_EQ(column("1::positive").kind, ValueKind::kExactNumber);
  const Column positives = column("ARRAY[1]::positive[]");
  EXPECT_TRUE(positives.array);
  EXPECT_EQ(positives.kind, ValueKind::kExactNumber);
  EXPECT_EQ(column("ROW(1, 2, 3)::point3").type, "point3");
  EXPECT_EQ(column("'[1,2]'::moods").type, "moods");
  EXPECT_EQ(column("pg_catalog.int2vectorin('1 2')").array, false);
  EXPECT_EQ(column("typacl FROM pg_type LIMIT 1").type, "_aclitem");
  // In the same group as a parameter of a type that is not known either, on a new connector.
  SessionDriver other;
  auto fresh = other.open();
  EXPECT_EQ(other.value(*fresh, "SELECT $1::mood", {"sad"}), "sad");
  EXPECT_EQ(other.value(*fresh, "SELECT $1::mood[]", {Param::array({"ok", nullptr})}), "{ok,NULL}");
  EXPECT_EQ(other.value(*fresh, "SELECT $1::positive + 1", {41}), "42");
  ASSERT_TRUE(run("DROP TYPE mood, point3, moods"));
  ASSERT_TRUE(run("DROP DOMAIN positive"));
}

TEST_F(Types, OfUsersAreForgottenWithTheLastConnection) {
  ASSERT_TRUE(run("CREATE TYPE before AS ENUM ('a')"));
  const auto type = [&](SessionDriver& of, pool::Connection& at, const std::string& sql) {
    return of.run(at, sql)->columns.at(0).type;
  };
  SessionDriver other;
  auto first = other.open();
  EXPECT_EQ(type(other, *first, "SELECT NULL::before"), "before");
  auto second = std::move(*other.connect_again());
  ASSERT_TRUE(run("ALTER TYPE before RENAME TO after"));
  EXPECT_EQ(type(other, *second, "SELECT NULL::after"), "before") << "known by its number";
  first.reset();
  second.reset();
  auto third = std::move(*other.connect_again());
  EXPECT_EQ(type(other, *third, "SELECT NULL::after"), "after");
  ASSERT_TRUE(run("DROP TYPE after"));
}

TEST_F(Types, NestArraysOfDomainsOverArrays) {
  ASSERT_TRUE(run("CREATE DOMAIN ints AS int[]"));
  const Column nested = column("'{\"{1,2}\",\"{3}\"}'::ints[]");
  EXPECT_EQ(nested.nested_arrays, 1);
  EXPECT_EQ(nested.kind, ValueKind::kNumber);
  EXPECT_EQ(value("SELECT $1::ints[]", {Param::array({Param::array({1, 2}), Param::array({})})}),
            R"({"{1,2}","{}"})");
  ASSERT_TRUE(run("DROP DOMAIN ints"));
}

TEST_F(Types, TheServerSaysWhichParameterItCannotRead) {
  const auto wrong = run("SELECT $1::text, $2::int[]", {"fine", Param::array({"x"})});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kSqlError);
  ASSERT_EQ(wrong.error().fields.size(), 1U);
  EXPECT_EQ(wrong.error().fields[0].field, "$2");
  EXPECT_EQ(wrong.error().fields[0].message, wrong.error().sql->message);
  EXPECT_TRUE(run("SELECT 1 / $1::int", {0}).error().fields.empty());
}

// As migrations do that take a value out of an enum: the parameter of a prepared statement has the
// old type for ever.
TEST_F(Types, AStatementWhoseParametersTypeWasReplacedIsPreparedAnew) {
  for (const bool dropped : {false, true}) {
    ASSERT_TRUE(run("CREATE TYPE state AS ENUM ('a')"));
    ASSERT_TRUE(run("CREATE TABLE moved (s state)"));
    const char* insert = "INSERT INTO moved VALUES ($1)";
    const char* count = "SELECT count(*) FROM moved WHERE s = $1";
    ASSERT_TRUE(run(insert, {"a"}));
    ASSERT_EQ(value(count, {"a"}), "1");
    const char* label = "SELECT $1::state::text";
    ASSERT_EQ(value(label, {"a"}), "a");
    ASSERT_TRUE(run("ALTER TYPE state RENAME TO old_state"));
    ASSERT_TRUE(run("CREATE TYPE state AS ENUM ('a', 'b')"));
    ASSERT_TRUE(run("ALTER TABLE moved ALTER s TYPE state USING s::text::state"));
    if (dropped) {
      ASSERT_TRUE(run("DROP TYPE old_state"));
    }
    const auto inserted = run(insert, {"a"});
    EXPECT_TRUE(inserted) << dropped << ": " << inserted.error().message;
    EXPECT_EQ(value(count, {"a"}), "2") << dropped;
    const auto added = run(label, {"b"});
    EXPECT_TRUE(added) << dropped << ": " << added.error().message;
    const auto wrong = run(label, {"c"});
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().sqlstate(), "22P02");
    EXPECT_FALSE(wrong.error().retryable);
    ASSERT_TRUE(run("DROP TABLE moved"));
    ASSERT_TRUE(run("DROP TYPE state"));
    if (!dropped) {
      ASSERT_TRUE(run("DROP TYPE old_state"));
    }
  }
}

TEST_F(Types, ColumnsTellTheirTable) {
  ASSERT_TRUE(run("CREATE TABLE told (a int, b varchar(7))"));
  const auto result = run("SELECT b, 1 FROM told");
  ASSERT_TRUE(result);
  EXPECT_EQ(std::to_string(result->columns[0].table_oid), value("SELECT 'told'::regclass::oid"));
  EXPECT_EQ(result->columns[0].table_column, 2);
  EXPECT_EQ(result->columns[0].type_modifier, 11);
  EXPECT_EQ(result->columns[0].type_size, -1);
  EXPECT_EQ(result->columns[1].table_oid, 0U);
  EXPECT_EQ(result->columns[1].type_size, 4);
  ASSERT_TRUE(run("DROP TABLE told"));
}

TEST_F(Types, ParametersTakeTheTypeThatTheStatementWants) {
  EXPECT_EQ(value("SELECT $1::int + 1", {41}), "42");
  EXPECT_EQ(value("SELECT $1::int + 1", {"41"}), "42");
  EXPECT_EQ(value("SELECT $1::numeric", {"12345678901234567890.123456789"}),
            "12345678901234567890.123456789");
  EXPECT_EQ(value("SELECT $1::bool", {true}), "t");
  EXPECT_EQ(value("SELECT $1::text", {false}), "false");
  EXPECT_EQ(value("SELECT $1::text IS NULL", {nullptr}), "t");
  EXPECT_EQ(value("SELECT $1::text", {""}), "");
  EXPECT_EQ(value("SELECT $1::date", {"2026-01-28"}), "2026-01-28");
  EXPECT_EQ(value("SELECT $1", {"plain"}), "plain");
  EXPECT_EQ(value("SELECT id FROM generate_series(1, 9) id WHERE id = $1", {7}), "7");
  EXPECT_EQ(run("SELECT $1::int", {"x"}).error().sqlstate(), "22P02");
}

TEST_F(Types, ArraysBecomePostgresqlArrays) {
  EXPECT_EQ(value("SELECT $1::int[]", {Param::array({1, nullptr, 3})}), "{1,NULL,3}");
  EXPECT_EQ(value("SELECT $1::int[]", {Param::array({})}), "{}");
  EXPECT_EQ(value("SELECT $1::int[]", {Param::array({Param::array({1, 2}), Param::array({3, 4})})}),
            "{{1,2},{3,4}}");
  const std::vector<Param> tricky{"a,b", "", "NULL", "\"", "\\", "{", " x ", "\n", "é"};
  const auto unnested = run("SELECT unnest($1::text[])", {Param::array(tricky)});
  ASSERT_TRUE(unnested);
  ASSERT_EQ(unnested->rows.size(), tricky.size());
  for (std::size_t i = 0; i < tricky.size(); ++i) EXPECT_EQ(unnested->rows[i][0], tricky[i].text);
  EXPECT_EQ(value("SELECT 3 = ANY($1)", {Param::array({1, 3})}), "t");
  EXPECT_EQ(value("SELECT $1::box[]", {Param::array({"(1,1),(0,0)", "(2,2),(0,0)"})}),
            "{(1,1),(0,0);(2,2),(0,0)}");
  EXPECT_EQ(value("SELECT $1::int[]", {"{4,5}"}), "{4,5}");
  const auto ragged =
      run("SELECT $1::int[]", {Param::array({Param::array({1}), Param::array({1, 2})})});
  ASSERT_FALSE(ragged);
  EXPECT_EQ(ragged.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(ragged.error().fields.at(0).field, "$1");
  EXPECT_EQ(run("SELECT $1::int", {Param::array({1})}).error().code, ErrorCode::kInvalidRequest);
}

TEST_F(Types, JsonTakesDocuments) {
  Param object;
  object.kind = Param::Kind::kObject;
  object.text = R"({"a":[1,2]})";
  Param list = Param::array({1, 2});
  list.text = "[1,2]";
  EXPECT_EQ(value("SELECT $1::jsonb", {object}), R"({"a": [1, 2]})");
  EXPECT_EQ(value("SELECT $1::json", {list}), "[1,2]");
  EXPECT_EQ(value("SELECT $1::jsonb", {7}), "7");
  EXPECT_EQ(value("SELECT $1::jsonb[]", {Param::array({object, list})}),
            R"({"{\"a\": [1, 2]}","[1, 2]"})");
  EXPECT_EQ(value("SELECT $1::text", {object}), object.text);
  const auto wrong = run("SELECT $1::int", {object});
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::kInvalidRequest);
  EXPECT_EQ(wrong.error().message.find("[1,2]"), std::string::npos) << "tells no values";
}

TEST_F(Types, AForcedTypeIsUsedAndAnUnknownOneNamed) {
  ASSERT_TRUE(run("CREATE TYPE forced AS ENUM ('one')"));
  const auto typed = [](const char* text, const char* type) {
    Param param = text;
    param.type = type;
    return param;
  };
  EXPECT_EQ(value("SELECT pg_typeof($1)", {typed("1", "int8")}), "bigint");
  EXPECT_EQ(value("SELECT pg_typeof($1)", {typed("1", "INTEGER")}), "integer");
  EXPECT_EQ(value("SELECT pg_typeof($1)", {typed("{1}", "numeric[]")}), "numeric[]");
  EXPECT_EQ(value("SELECT pg_typeof($1)", {typed("one", "forced")}), "forced");
  EXPECT_EQ(value("SELECT pg_typeof($1)", {typed("one", "public.forced")}), "forced");
  EXPECT_EQ(value("SELECT pg_typeof($1), $2::int", {typed("1", "varchar(3)"), 1}),
            "character varying");
  for (const char* name : {"no_such_type", "int; DROP TABLE x", "\"", "a.b.c.d"}) {
    const auto unknown = run("SELECT $1", {typed("1", name)});
    ASSERT_FALSE(unknown) << name;
    EXPECT_EQ(unknown.error().code, ErrorCode::kInvalidRequest) << name;
    EXPECT_NE(unknown.error().message.find(name), std::string::npos) << unknown.error().message;
  }
  ASSERT_TRUE(run("DROP TYPE forced"));
  EXPECT_FALSE(run("SELECT $1, 2", {typed("one", "forced")}));
  ASSERT_TRUE(run("CREATE TYPE forced AS ENUM ('one')"));
  EXPECT_EQ(value("SELECT pg_typeof($1), 3", {typed("one", "forced")}), "forced");
  ASSERT_TRUE(run("DROP TYPE forced"));
}

TEST_F(Types, TextThatPostgresqlCannotHoldIsRefused) {
  const std::string nul("a\0b", 3);
  for (const Param& param : {Param(nul), Param("\xff"), Param::array({"ok", Param("\xc3")})}) {
    const auto result = run("SELECT $1::text", {param});
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code, ErrorCode::kInvalidRequest);
    EXPECT_EQ(result.error().fields.at(0).field, "$1");
  }
}

TEST_F(Types, WithoutAStatementCacheEverythingWorksThroughTheUnnamedStatement) {
  DatabaseOptions options;
  options.pool.statement_cache = 0;
  SessionDriver plain;
  auto unnamed = plain.open(options);
  ASSERT_TRUE(plain.run(*unnamed, "CREATE TYPE seen AS ENUM ('a')"));
  Query query = statement("SELECT $1::seen, $2::int");
  query.params = {"a", 2};
  query.read_only = true;
  for (int round = 0; round < 3; ++round) {
    const auto result = plain.run(*unnamed, query, {.timeout = std::chrono::seconds(3)});
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_EQ(result->columns[0].type, "seen");
    EXPECT_EQ(result->rows[0][1], "2");
  }
  EXPECT_EQ(plain.value(*unnamed, "SELECT count(*) FROM pg_prepared_statements WHERE name <> ''"),
            "0");
  ASSERT_TRUE(plain.run(*unnamed, "DROP TYPE seen"));
}

}  // namespace
}  // namespace sluice::test
