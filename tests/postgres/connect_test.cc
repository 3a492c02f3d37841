#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>

#include "postgres/session_driver.h"

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

/// Accepts connections into its backlog, and never says a word.
class SilentHost {
 public:
  SilentHost() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* plain = reinterpret_cast<sockaddr*>(&address);
    ::bind(socket_, plain, size);
    ::listen(socket_, 8);
    ::getsockname(socket_, plain, &size);
    port_ = ntohs(address.sin_port);
  }
  ~SilentHost() { ::close(socket_); }
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

TEST(Connect, OpensAnInitialisedSession) {
  SessionDriver driver;
  DatabaseOptions options;
  options.session.time_zone = "Europe/Berlin";
  options.session.search_path = "\"a b\", \"$user\", public";
  options.session.application_name = "connect test";
  options.session.settings["work_mem"] = "3MB";
  options.query.timeout = 12'345ms;
  auto connection = driver.open(server().target(), options);
  EXPECT_FALSE(connection->broken());
  EXPECT_FALSE(connection->needs_reset(ResetPolicy::kAlways));
  EXPECT_TRUE(connection->server_version().starts_with("1")) << connection->server_version();
  EXPECT_EQ(driver.value(*connection, "SHOW timezone"), "Europe/Berlin");
  EXPECT_EQ(driver.value(*connection, "SHOW search_path"), "\"a b\", \"$user\", public");
  EXPECT_EQ(driver.value(*connection, "SHOW application_name"), "connect test");
  EXPECT_EQ(driver.value(*connection, "SHOW work_mem"), "3MB");
  EXPECT_EQ(driver.value(*connection, "SHOW statement_timeout"), "12345ms");
  EXPECT_EQ(driver.value(*connection, "SHOW idle_in_transaction_session_timeout"), "1min");
  EXPECT_EQ(driver.value(*connection, "SHOW jit"), "off");
  EXPECT_EQ(driver.value(*connection, "SHOW intervalstyle"), "iso_8601");
  EXPECT_EQ(driver.value(*connection, "SHOW datestyle"), "ISO, MDY");
  EXPECT_EQ(driver.value(*connection, "SHOW client_connection_check_interval"), "10s");
  EXPECT_EQ(driver.value(*connection, "SHOW client_encoding"), "UTF8");
}

TEST(Connect, ThroughAUnixSocket) {
  SessionDriver driver;
  Target target = server().target();
  target.host = server().socket_directory();
  auto connection = driver.open(target);
  EXPECT_EQ(driver.value(*connection, "SELECT inet_client_addr()"), "NULL");
}

TEST(Connect, ResolvesAHostName) {
  SessionDriver driver;
  Target target = server().target();
  target.host = "localhost";  // perhaps ::1 first, where nobody listens
  auto connection = driver.open(target);
  EXPECT_EQ(driver.value(*connection, "SELECT 1"), "1");
}

TEST(Connect, AnUnknownDatabaseIsRejectedForGood) {
  SessionDriver driver;
  const auto connected = driver.connect(server().target("nowhere"));
  ASSERT_FALSE(connected);
  const Error& error = connected.error();
  EXPECT_EQ(error.code, ErrorCode::kConnectionRejected);
  EXPECT_EQ(error.fault, Fault::kCredentials);
  EXPECT_EQ(error.sqlstate(), "3D000");
  EXPECT_EQ(error.sql->severity, "FATAL");
  EXPECT_EQ(error.sql->message, "database \"nowhere\" does not exist");
  EXPECT_FALSE(error.retryable);
  EXPECT_EQ(error.outcome, Outcome::kNotStarted);
}

TEST(Connect, ADatabaseNameIsNeverReadAsAConnectionString) {
  SessionDriver driver;
  const auto connected = driver.connect(server().target("dbname=postgres user=postgres"));
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().sqlstate(), "3D000");
}

TEST(Connect, AWrongPasswordIsRejectedAndNotRepeated) {
  SessionDriver driver;
  Target target = server().target("postgres", "scram_user");
  target.password = Secret("hunter2-wrong");
  const auto connected = driver.connect(target);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kConnectionRejected);
  EXPECT_EQ(connected.error().sqlstate(), "28P01");
  EXPECT_EQ(connected.error().message.find("hunter2"), std::string::npos);
}

TEST(Connect, TheRightPasswordOpens) {
  SessionDriver driver;
  Target target = server().target("postgres", "scram_user");
  target.password = Secret("secret");
  EXPECT_TRUE(driver.connect(target));
}

TEST(Connect, TakesNoPasswordFromTheEnvironment) {
  ::setenv("PGPASSWORD", "secret", 1);
  SessionDriver driver;
  const auto connected = driver.connect(server().target("postgres", "scram_user"));
  ::unsetenv("PGPASSWORD");
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().sqlstate(), "28P01");
}

TEST(Connect, AnOverridingEnvironmentIsOverriddenInTurn) {
  ::setenv("PGDATESTYLE", "German", 1);
  ::setenv("PGTZ", "Asia/Tokyo", 1);
  SessionDriver driver;
  auto connection = driver.open();
  ::unsetenv("PGDATESTYLE");
  ::unsetenv("PGTZ");
  EXPECT_EQ(driver.value(*connection, "SELECT '2026-01-28 12:00Z'::timestamptz"),
            "2026-01-28 12:00:00+00");
  ASSERT_TRUE(driver.run(*connection, "SET timezone = 'Asia/Tokyo'"));
  ASSERT_TRUE(driver.reset(*connection));
  EXPECT_EQ(driver.value(*connection, "SELECT '2026-01-28 12:00Z'::timestamptz"),
            "2026-01-28 12:00:00+00");
}

TEST(Connect, ARefusedPortIsUnavailableAndWorthRepeating) {
  SessionDriver driver;
  Target target = server().target();
  target.port = 1;
  const auto connected = driver.connect(target);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(connected.error().fault, Fault::kDatabase);
  EXPECT_TRUE(connected.error().retryable);
  EXPECT_EQ(connected.error().sqlstate(), "");
  EXPECT_NE(connected.error().message.find("refused"), std::string::npos)
      << connected.error().message;
}

TEST(Connect, ASilentHostIsGivenUpAtTheDeadline) {
  SilentHost silent;
  SessionDriver driver;
  Target target = server().target();
  target.port = silent.port();
  const auto started = std::chrono::steady_clock::now();
  const auto connected = driver.connect(target, {}, 300ms);
  const auto took = std::chrono::steady_clock::now() - started;
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kConnectTimeout);
  EXPECT_EQ(connected.error().fault, Fault::kDatabase);
  EXPECT_TRUE(connected.error().retryable);
  EXPECT_GE(took, 300ms);
  EXPECT_LT(took, 2s);
}

TEST(Connect, AnAbandonedAttemptCallsNobody) {
  SilentHost silent;
  SessionDriver driver;
  Target target = server().target();
  target.port = silent.port();
  bool called = false;
  (void)driver.connect(target, {}, 1ms);
  driver.loop.refresh_now();
  auto attempt = driver.connector->connect(base::Deadline::after(driver.loop.now(), 30ms),
                                           [&](auto) { called = true; });
  driver.turn_for(5ms);
  attempt.reset();
  driver.turn_for(100ms);
  EXPECT_FALSE(called);
}

TEST(Connect, AnUnknownHostIsUnavailable) {
  SessionDriver driver;
  Target target = server().target();
  target.host = "no-such-host.invalid";
  const auto connected = driver.connect(target);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(connected.error().fault, Fault::kDatabase);
  EXPECT_NE(connected.error().message.find("host name"), std::string::npos);
}

TEST(Connect, TooManyConnectionsIsOverload) {
  PrivatePostgres small({"max_connections = 4", "superuser_reserved_connections = 0"});
  SessionDriver driver;
  std::vector<std::unique_ptr<pool::Connection>> open;
  for (int i = 0; i < 4; ++i) open.push_back(driver.open(small.target()));
  const auto connected = driver.connect_again();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().sqlstate(), "53300");
  EXPECT_EQ(connected.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(connected.error().fault, Fault::kOverload);
  EXPECT_TRUE(connected.error().retryable);
}

TEST(Connect, ASettingThatTheServerDoesNotKnowIsSaid) {
  SessionDriver driver;
  DatabaseOptions options;
  options.session.settings["no_such_setting"] = "1";
  const auto connected = driver.connect(server().target(), options);
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kConnectionRejected);
  EXPECT_EQ(connected.error().sqlstate(), "42704");
  EXPECT_NE(connected.error().message.find("no_such_setting"), std::string::npos);
}

TEST(Connect, ClosingWaitsUntilTheBackendHasGone) {
  SessionDriver driver;
  DatabaseOptions options;
  options.session.application_name = "closing";
  for (int i = 0; i < 20; ++i) {
    auto connection = driver.open(server().target(), options);
    ASSERT_EQ(driver.value(*connection, "SELECT 1"), "1");
    ASSERT_TRUE(driver.close(*connection));
    ASSERT_EQ(server().backends("closing"), 0);
  }
}

/// While it lives, the proof of scram_user's password takes half a second of CPU time instead of
/// three milliseconds.
class DearPassword {
 public:
  DearPassword() {
    set("SCRAM-SHA-256$600000:MDEyMzQ1Njc4OWFiY2RlZg==$"
        "MvBywwecxb4lhgmZGbMFLYdIgbdun471zD+4GNYIu6Q=:"
        "XIuMicKJrgjOJdNS1RjIHUYlUJsuOKVixCH0fvCzD9M=");
  }
  ~DearPassword() { set("secret"); }

  [[nodiscard]] static Target target() {
    Target target = server().target();
    target.user = "scram_user";
    target.password = Secret("slow");
    return target;
  }

 private:
  static void set(const std::string& password) {
    server().run("SET password_encryption = 'scram-sha-256'; ALTER ROLE scram_user PASSWORD '" +
                 password + "'");
  }
};

TEST(Connect, ALogInKeepsNobodyWaiting) {
  const DearPassword dear;
  SessionDriver driver;
  int ticks = 0;
  base::Timer tick(driver.loop.timers(), [&] {
    ++ticks;
    tick.arm(driver.loop.now() + 1ms);
  });
  tick.arm(driver.loop.now());
  ASSERT_TRUE(driver.connect(DearPassword::target(), {}, 60s));
  EXPECT_GT(ticks, 50) << "the loop stood still meanwhile";
}

TEST(Connect, ALogInThatIsGivenUpLeavesNothingBehind) {
  const DearPassword dear;
  SessionDriver driver;
  const auto late = driver.connect(DearPassword::target(), {}, 100ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::kConnectTimeout);
  ASSERT_TRUE(driver.connect(server().target(), {}, 9s)) << "another thread is free";
}

/// While it lives, this process gets no more file descriptors.
class NoDescriptors {
 public:
  NoDescriptors() {
    ::getrlimit(RLIMIT_NOFILE, &usual_);
    const int next = ::dup(0);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), usual_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoDescriptors() { ::setrlimit(RLIMIT_NOFILE, &usual_); }

 private:
  rlimit usual_{};
};

TEST(ConnectWithoutDescriptors, SaysNothingAgainstTheDatabase) {
  SessionDriver driver;
  (void)driver.open();
  const auto connected = [&driver] {
    const NoDescriptors none;
    return driver.connect(server().target());
  }();
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::kDatabaseUnavailable);
  EXPECT_EQ(connected.error().fault, Fault::kOverload) << connected.error().message;
  EXPECT_TRUE(driver.connect(server().target()));
}

TEST(CancelWithoutDescriptors, GivesTheConnectionUpAndSaysNothingAgainstTheDatabase) {
  SessionDriver driver;
  const auto connection = driver.open();
  const auto ran = driver.start(*connection, statement("SELECT pg_sleep(60)"));
  driver.turn_for(50ms);
  const NoDescriptors none;
  connection->cancel();
  const auto result = driver.finish(*ran);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, ErrorCode::kDatabaseUnavailable) << result.error().message;
  EXPECT_EQ(result.error().fault, Fault::kOverload);
  EXPECT_TRUE(connection->broken());
}

}  // namespace
}  // namespace sluice::test
