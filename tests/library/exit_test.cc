#include <cstdlib>

#include "library_fixture.h"

namespace sluice {
namespace {

/// Uses the manager while the process ends, after whatever was made later has gone.
struct LastUser {
  PoolManager& manager;
  Target target;
  ~LastUser() {
    const auto logged_in = manager.connect(target, "late");
    const auto asked = manager.query("late", statement("SELECT '{1}'::int[], 'a'::text"));
    std::fputs(logged_in && asked ? "still usable\n" : "unusable\n", stderr);
  }
};

/// A manager that lives as long as the process, and logs in with a password, for which libpq
/// needs OpenSSL.
[[noreturn]] void end_with_a_static_manager(const Target& target) {
  static PoolManager manager;
  static const LastUser last{manager, target};
  (void)manager.connect(target, "db");
  (void)manager.query("db", statement("SELECT $1::int", {1}));
  std::exit(0);
}

TEST(ExitTest, AStaticManagerWorksUntilTheEnd) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";  // in a process of its own
  const test::PrivatePostgres server;
  Target target = server.target("postgres", "scram_user");
  target.password = Secret("secret");
  EXPECT_EXIT(end_with_a_static_manager(target), ::testing::ExitedWithCode(0), "still usable");
}

}  // namespace
}  // namespace sluice
