#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "config/config.h"
#include "temporary_files.h"

namespace sluice::config {
namespace {

using std::chrono::milliseconds;
using Lines = std::vector<std::string>;

class Load : public testing::Test {
 protected:
  LoadResult load_text(const std::string& yaml, const Environment& environment = {}) {
    return load(files_.write("test.yaml", yaml), environment);
  }

  /// The mistakes as check-config prints them, with the file's directory left out.
  Lines mistakes(const std::string& yaml, const Environment& environment = {}) {
    const std::string prefix = files_.directory() + "/";
    Lines lines;
    for (const ConfigMistake& mistake : load_text(yaml, environment).mistakes) {
      std::string line = mistake.where + ": " + mistake.message;
      for (auto at = line.find(prefix); at != std::string::npos; at = line.find(prefix)) {
        line.erase(at, prefix.size());
      }
      lines.push_back(line);
    }
    return lines;
  }

  TemporaryFiles files_;
};

TEST_F(Load, NothingGivesTheDefaults) {
  const LoadResult result = load("", {});
  EXPECT_TRUE(result.mistakes.empty());
  EXPECT_EQ(result.config.server.listen, "127.0.0.1:8080");
  EXPECT_EQ(result.config.defaults.pool.max_size, 10);
  EXPECT_TRUE(result.config.databases.empty());
  EXPECT_TRUE(load_text("").mistakes.empty());
  EXPECT_TRUE(load_text("# only a comment\n---\npool:\n").mistakes.empty());
}

TEST_F(Load, ReadsEverySection) {
  const auto [config, wrong, report] = load_text(R"(
server: {listen: "[::1]:9000", workers: 3, cors_origins: ["https://a", "https://b"], idle_timeout_ms: 5}
security: {connect_hosts: ["*.example.com"], api_keys: [{name: a, key: 0123456789abcdef, role: operator}]}
log: {level: debug, format: json, access: false, pool_events: true}
pool: {max_size: 20}
query: {timeout_ms: 7}
breaker: {failure_rate: 0.25}
session: {jit: true, settings: {work_mem: 64MB}}
databases:
  orders: {url: "postgresql://app:secret@db1:5433/orders?sslmode=require", required: true,
           labels: {region: eu}, pool: {min_size: 2}, session: {settings: {lock_timeout: 1s}}}
)");
  EXPECT_TRUE(wrong.empty()) << wrong.front().message;
  EXPECT_EQ(config.server.listen, "[::1]:9000");
  EXPECT_EQ(config.server.workers, 3);
  EXPECT_EQ(config.server.cors_origins, (Lines{"https://a", "https://b"}));
  EXPECT_EQ(config.server.idle_timeout, milliseconds(5));
  EXPECT_EQ(config.security.connect_hosts, Lines{"*.example.com"});
  ASSERT_EQ(config.security.api_keys.size(), 1u);
  EXPECT_EQ(config.security.api_keys[0].key.reveal(), "0123456789abcdef");
  EXPECT_EQ(config.security.api_keys[0].role, "operator");
  EXPECT_EQ(config.log.level, "debug");
  EXPECT_EQ(config.log.format, "json");
  EXPECT_FALSE(config.log.access);
  EXPECT_TRUE(config.log.pool_events);
  EXPECT_EQ(config.defaults.query.timeout, milliseconds(7));
  EXPECT_EQ(config.defaults.breaker.failure_rate, 0.25);
  EXPECT_TRUE(config.defaults.session.jit);
  ASSERT_EQ(config.databases.size(), 1u);
  const DatabaseConfig& orders = config.databases[0];
  EXPECT_EQ(orders.db_id, "orders");
  EXPECT_EQ(orders.target.display(), "app@db1:5433/orders");
  EXPECT_EQ(orders.target.password.reveal(), "secret");
  EXPECT_EQ(orders.target.ssl, SslMode::kRequire);
  EXPECT_TRUE(orders.options.required);
  EXPECT_EQ(orders.options.labels.at("region"), "eu");
  EXPECT_EQ(orders.options.pool.max_size, 20) << "the default of the file";
  EXPECT_EQ(orders.options.pool.min_size, 2) << "its own";
  EXPECT_EQ(orders.options.session.settings.at("work_mem"), "64MB");
  EXPECT_EQ(orders.options.session.settings.at("lock_timeout"), "1s");
  EXPECT_EQ(config.defaults.pool.min_size, 0) << "a database's setting changed the defaults";
}

TEST_F(Load, ReadsADatabaseInParts) {
  const std::string password = files_.write("password", "s3cret \r\n\n");
  const auto [config, wrong, report] = load_text(
      "databases:\n  b: {host: /run/postgresql, port: 5433, database: d, user: u, ssl: false,\n"
      "      password_file: " +
      password + "}\n");
  EXPECT_TRUE(wrong.empty()) << wrong.front().message;
  ASSERT_EQ(config.databases.size(), 1u);
  const Target& target = config.databases[0].target;
  EXPECT_EQ(target.host, "/run/postgresql");
  EXPECT_EQ(target.port, 5433);
  EXPECT_EQ(target.ssl, SslMode::kDisable);
  EXPECT_EQ(target.password.reveal(), "s3cret ") << "only line ends are cut";
}

TEST_F(Load, TellsEveryMistakeWithItsPlace) {
  EXPECT_EQ(mistakes("server:\n  listen: nowhere\npool:\n  max_sise: 5\n  min_size: ten\n"),
            (Lines{"test.yaml:2:3: 'listen' must be HOST:PORT, [IPV6]:PORT or unix:/path, for "
                   "instance 127.0.0.1:8080, or 0.0.0.0:8080 for every address; not 'nowhere'",
                   "test.yaml:4:3: unknown key 'max_sise'; did you mean 'max_size'?",
                   "test.yaml:5:3: 'min_size' must be a whole number from 0 to 10000, not 'ten'"}));
}

TEST_F(Load, UnknownSectionsAreMistakes) {
  EXPECT_EQ(mistakes("serverr: {}\n"),
            Lines{"test.yaml:1:1: unknown key 'serverr'; did you mean 'server'?"});
  EXPECT_EQ(mistakes("", {{"SLUICE_SERVR__LISTEN", "x"}}),
            Lines{"SLUICE_SERVR__LISTEN: unknown key 'servr'; did you mean 'server'?"});
}

TEST_F(Load, DuplicateKeysAreMistakes) {
  EXPECT_EQ(mistakes("pool:\n  max_size: 1\n  max_size: 2\npool: {}\n"),
            (Lines{"test.yaml:3:3: 'max_size' is given twice; keep one",
                   "test.yaml:4:1: 'pool' is given twice; keep one"}));
}

TEST_F(Load, WrongShapesAreMistakes) {
  EXPECT_EQ(mistakes("pool: 5\n"), Lines{"test.yaml:1:1: 'pool' must be a map of keys and values"});
  EXPECT_EQ(mistakes("server: [a]\n"),
            Lines{"test.yaml:1:1: 'server' must be a map of keys and values"});
  EXPECT_EQ(mistakes("pool: {max_size: [1]}\n"),
            Lines{"test.yaml:1:8: 'max_size' must be a single value"});
  EXPECT_EQ(mistakes("server: {listen: {a: b}}\n"),
            Lines{"test.yaml:1:10: 'listen' must be a single value"});
  EXPECT_EQ(mistakes("databases: [a]\n"),
            Lines{"test.yaml:1:1: 'databases' must be a map of keys and values"});
  EXPECT_EQ(mistakes("- a\n").size(), 1u);
  EXPECT_EQ(mistakes("just text\n").size(), 1u);
  EXPECT_EQ(mistakes("? [a, b]\n: c\n"), Lines{"test.yaml:1:3: a key must be a plain word"});
}

TEST_F(Load, AQuoteThatIsNeverClosedIsAMistake) {
  const std::string message = "a quote begins here that is never closed";
  EXPECT_EQ(mistakes("session:\n  time_zone: 'UTC\n"), Lines{"test.yaml:2:14: " + message});
  EXPECT_EQ(mistakes("pool: {}\nsession:\n  search_path: \"a, b"),
            Lines{"test.yaml:3:16: " + message});
  EXPECT_EQ(mistakes("server:\n  cors_origins:\n    - \"https://a\n    - https://b\n"),
            Lines{"test.yaml:3:7: " + message});
  EXPECT_EQ(mistakes("\"pool: {}\n"), Lines{"test.yaml:1:1: " + message});
}

TEST_F(Load, QuotesThatAreNoneOrClosedAreFine) {
  for (const std::string yaml :
       {"session: {search_path: \"a\nb\"}\n", "session:\n  search_path: it's\n",
        "# it's a comment\npool: {}", "session:\n  search_path: 'it''s'",
        "session:\n  search_path: \"\\\"\" # \"\n", "session:\n  search_path: >-\n    'a\n",
        "session:\n  search_path: >\n    'a\n\n\n", "session:\n  search_path: a"}) {
    for (const std::string& line : mistakes(yaml)) {
      // A folded text ends with a line's end, which no setting may hold; that is another matter.
      EXPECT_NE(line.find("control characters"), std::string::npos) << yaml << line;
    }
  }
}

TEST_F(Load, BrokenYamlIsAMistakeWithItsPlace) {
  const Lines lines = mistakes("pool:\n  max_size: [1\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("test.yaml:3:1: is not YAML: ")) << lines[0];
  EXPECT_EQ(mistakes("a: &x [*x]\n").size(), 2u) << "too deep, and an unknown key";
  EXPECT_EQ(mistakes("---\npool: {}\n---\npool: {}\n"),
            Lines{"test.yaml: has more than one YAML document; keep one"});
  EXPECT_FALSE(mistakes(std::string(100'000, '[')).empty());
}

// yaml-cpp alone would look at it for ever, and take more and more memory.
TEST_F(Load, AStrayCommaIsAMistakeWithItsPlace) {
  const std::string what = ": is not YAML: no value can begin like this";
  EXPECT_EQ(mistakes(","), Lines{"test.yaml:1:1" + what});
  EXPECT_EQ(mistakes("pool: {}\n---\n, a\n").size(), 1u) << "two documents";
}

TEST_F(Load, AliasesThatMultiplyAreCutOff) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n";
  for (char name = 'b'; name < 'k'; ++name) {
    const std::string before = std::string("*") + static_cast<char>(name - 1);
    bomb += std::string(1, name) + ": &" + name + " [" + before;
    for (int i = 0; i < 9; ++i) bomb += "," + before;
    bomb += "]\n";
  }
  bool noticed = false;
  for (const std::string& line : mistakes(bomb)) {
    noticed |= line.find("is nested too deeply, or too large") != std::string::npos;
  }
  EXPECT_TRUE(noticed);
}

TEST_F(Load, MissingFilesAreMistakes) {
  const auto missing = load(files_.directory() + "/none.yaml", {});
  ASSERT_EQ(missing.mistakes.size(), 1u);
  EXPECT_EQ(missing.mistakes[0].message, "cannot be read: No such file or directory");
  EXPECT_EQ(load(files_.directory(), {}).mistakes.at(0).message,
            "cannot be read: it is a directory");
}

TEST_F(Load, ReplacesVariables) {
  const Environment environment{{"HOST", "db1"}, {"EMPTY", ""}};
  const auto [config, wrong, report] = load_text(
      "databases: {a: {host: '${HOST}.internal', user: '${NOBODY:-app}', "
      "database: '${EMPTY:-x${HOST}}', password: 'a$$b$c'}}\n",
      environment);
  EXPECT_TRUE(wrong.empty()) << wrong.front().message;
  ASSERT_EQ(config.databases.size(), 1u);
  EXPECT_EQ(config.databases[0].target.display(), "app@db1.internal:5432/xdb1");
  EXPECT_EQ(config.databases[0].target.password.reveal(), "a$b$c");
}

TEST_F(Load, MissingVariablesAreMistakes) {
  EXPECT_EQ(mistakes("log: {level: '${LEVEL}'}\n"),
            Lines{"test.yaml:1:14: needs the variable LEVEL, which is not set; set it, or write "
                  "${LEVEL:-default}"});
  EXPECT_EQ(mistakes("log: {level: '${LEVEL:?say how much}'}\n"),
            Lines{"test.yaml:1:14: needs the variable LEVEL: say how much"});
  EXPECT_EQ(mistakes("log: {level: '${LEVEL'}\n"),
            Lines{"test.yaml:1:14: has a ${ without a }; write $$ for a dollar sign"});
  EXPECT_EQ(mistakes("log: {level: '${LEVEL-x}'}\n").size(), 1u);
}

TEST_F(Load, VariablesCannotAddYaml) {
  const auto [config, wrong, report] =
      load_text("session: {search_path: '${P}'}\n", {{"P", "x}, pool: {max_size: 99"}});
  EXPECT_TRUE(wrong.empty()) << wrong.front().message;
  EXPECT_EQ(config.defaults.session.search_path, "x}, pool: {max_size: 99");
  EXPECT_EQ(config.defaults.pool.max_size, 10);
}

TEST_F(Load, SecretsNeverGetIntoMistakes) {
  const Environment environment{{"SECRET", "hunter2hunter2"},
                                {"SLUICE_API_KEY", "hunter2"},
                                {"DATABASE_URL", "nonsense://u:hunter2@h/d"}};
  const Lines lines = mistakes(R"(
pool: {max_size: "${SECRET}", reset: "${SECRET}"}
log: {level: "${SECRET}"}
security: {api_keys: [{name: a, key: hunter2}, {name: b, key: "hunter2hunter2 hunter2"}]}
databases:
  a: {url: "postgresql://u:hunter2@h:port/d"}
  b: {url: "postgresql://u:hun/ter2hunter2@h/d"}
  c: {host: h, database: d, user: u, password: "${hunter2"}
  d: {host: h, database: d, user: u, pasword: hunter2}
  e: {host: h, database: d, user: u, port: "${SECRET}", ssl: "${SECRET}"}
)",
                               environment);
  EXPECT_GE(lines.size(), 11u);
  for (const std::string& line : lines) {
    EXPECT_EQ(line.find("hunter2"), std::string::npos) << line;
    EXPECT_EQ(line.find("ter2"), std::string::npos) << line;
  }
}

TEST_F(Load, ContradictionsAreMistakes) {
  EXPECT_EQ(mistakes("pool: {max_size: 2, min_size: 3}\n"),
            Lines{"test.yaml:1:1: pool.min_size (3) must not be above pool.max_size (2)"});
  EXPECT_EQ(mistakes("pool: {min_size: 3}\ndatabases:\n"
                     "  a: {host: h, database: d, user: u, pool: {max_size: 2}}\n"),
            Lines{"test.yaml:3:38: pool.min_size (3) must not be above pool.max_size (2)"});
}

TEST_F(Load, ADatabaseNeedsATarget) {
  EXPECT_EQ(mistakes("databases: {a: {}, b: , c: {database: d}, d: {url: ''}}\n"),
            (Lines{"test.yaml:1:13: database 'a' needs a 'url', or 'host', 'database' and 'user'",
                   "test.yaml:1:20: database 'b' needs a 'url', or 'host', 'database' and 'user'",
                   "test.yaml:1:25: database 'c' needs a 'user'",
                   "test.yaml:1:47: url: it must begin with postgresql:// (or postgres://)"}));
}

TEST_F(Load, ADatabaseMayHaveSeveralHosts) {
  const std::string rest = ", database: d, user: u, routing: {route: any}}}\n";
  const auto one = load_text("databases: {a: {hosts: [h1, 'h2:5433'], port: 6000" + rest);
  ASSERT_TRUE(one.mistakes.empty());
  EXPECT_EQ(one.config.databases[0].target.display(), "u@h1:6000,h2:5433/d");
  EXPECT_EQ(one.config.databases[0].options.routing.route, Route::kAny);
  const auto text = load_text("databases: {a: {hosts: 'h1, h2'" + rest);
  EXPECT_EQ(text.config.databases[0].target.display(), "u@h1:5432,h2:5432/d");
  for (const char* wrong : {"hosts: []", "hosts: [h, h]", "hosts: ['h:x']", "hosts: {a: b}",
                            "hosts: [[a]]", "host: h, hosts: [i]"}) {
    EXPECT_EQ(mistakes(std::string("databases: {a: {") + wrong + rest).size(), 1u) << wrong;
  }
}

TEST_F(Load, ADatabaseHasOneTarget) {
  const Lines lines = mistakes(
      "databases: {a: {url: 'postgresql://u@h/d', host: x, password: a, password_file: b}}\n");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_NE(lines[0].find("give a url or parts, not both"), std::string::npos);
  EXPECT_NE(lines[1].find("give 'password' or 'password_file', not both"), std::string::npos);
}

TEST_F(Load, BadPartsOfADatabaseAreMistakes) {
  const std::string rest = ", database: d, user: u}}\n";
  for (const char* part :
       {"host: 'a,b'", "host: '@x'", "host: ''", "host: \"a\\0b\"", "port: 0", "port: 65536",
        "ssl: maybe", "ssl_root_cert: /nowhere/ca.pem", "password_file: /nowhere/password",
        "required: perhaps", "labels: {'a b': c}", "session: {settings: {TimeZone: UTC}}"}) {
    EXPECT_EQ(mistakes(std::string("databases: {a: {") + part + rest).size(), 1u) << part;
  }
  EXPECT_EQ(mistakes("databases: {connect: {host: h" + rest).size(), 1u);
  EXPECT_EQ(mistakes("databases: {'A b': {host: h" + rest).size(), 1u);
}

TEST_F(Load, OthersMayReachUsOnlyWithAKey) {
  const Lines lines = mistakes("server: {listen: '0.0.0.0:8080'}\n");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("set SLUICE_API_KEY or security.api_keys"), std::string::npos);
  for (const char* open :
       {"10.0.0.1:80", "'[::]:80'", "'[fe80::1]:80'", "example.com:80", "128.0.0.1:80"}) {
    EXPECT_EQ(mistakes(std::string("server: {listen: ") + open + "}\n").size(), 1u) << open;
  }
  for (const char* closed :
       {"127.0.0.1:80", "127.9.9.9:0", "'[::1]:80'", "localhost:80", "'unix:/run/sluice.sock'"}) {
    EXPECT_EQ(mistakes(std::string("server: {listen: ") + closed + "}\n"), Lines{}) << closed;
  }
  EXPECT_EQ(
      mistakes("server: {listen: '0.0.0.0:8080'}\n", {{"SLUICE_API_KEY", "0123456789abcdef"}}),
      Lines{});
}

TEST_F(Load, BadListenAddressesAreMistakes) {
  for (const char* bad :
       {"8080", ":8080", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "'[::1'",
        "'::1:8080'", "'[zz]:1'", "'unix:'", "'unix:relative'", "'*:80'"}) {
    EXPECT_EQ(mistakes(std::string("server: {listen: ") + bad + "}\n").size(), 1u) << bad;
  }
}

TEST_F(Load, BadApiKeysAreMistakes) {
  const auto one = [&](const std::string& keys) {
    return mistakes("security: {api_keys: [" + keys + "]}\n").size();
  };
  EXPECT_EQ(one("{name: a, key: 0123456789abcdef}"), 0u);
  EXPECT_EQ(one("{name: a, key: 0123456789abcde}"), 1u) << "15 characters";
  EXPECT_EQ(one("{key: 0123456789abcdef}"), 1u) << "no name";
  EXPECT_EQ(one("{name: a}"), 1u) << "no key";
  EXPECT_EQ(one("{name: a, key: 0123456789abcdef, role: root}"), 1u);
  EXPECT_EQ(one("{name: a, key: 0123456789abcdef, rôle: admin}"), 1u);
  EXPECT_EQ(one("0123456789abcdef"), 1u);
  EXPECT_EQ(one("{name: a, key: 0123456789abcdef}, {name: a, key: 0123456789abcdeg}"), 1u);
  EXPECT_EQ(one("{name: a, key: 0123456789abcdef}, {name: b, key: 0123456789abcdef}"), 1u);
  EXPECT_EQ(one("{name: a, key_file: /nowhere/key}"), 1u);
}

}  // namespace
}  // namespace sluice::config
