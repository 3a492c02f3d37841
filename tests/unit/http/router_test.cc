#include "http/router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using Pistache::Http::Method;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

class RouterTest : public ::testing::Test {
 protected:
  RouterTest() {
    for (const char* path : {"/", "/databases", "/databases/:db_id", "/health/ping"}) {
      router_.add(Method::Get, path, [](auto) {});
    }
    router_.add(Method::Post, "/databases/connect", [](auto) {});
    router_.add(Method::Post, "/databases/:db_id/sessions/:session", [](auto) {});
    router_.add(Method::Delete, "/databases/:db_id", [](auto) {});
  }

  std::string route(Method method, std::string_view path) {
    return router_.find(method, path).route;
  }

  Router router_;
};

TEST_F(RouterTest, FindsFixedPathsAndTheRoot) {
  EXPECT_EQ(route(Method::Get, "/"), "/");
  EXPECT_EQ(route(Method::Get, "/databases"), "/databases");
  EXPECT_EQ(route(Method::Get, "/health/ping"), "/health/ping");
  EXPECT_EQ(route(Method::Get, "/databases/"), "/databases");
}

TEST_F(RouterTest, PrefersFixedSegmentsToParameters) {
  EXPECT_EQ(route(Method::Post, "/databases/connect"), "/databases/connect");
  EXPECT_EQ(route(Method::Get, "/databases/connect"), "/databases/:db_id");
}

TEST_F(RouterTest, DecodesParametersOneByOne) {
  const auto match = router_.find(Method::Post, "/databases/a%2Fb%20c/sessions/%C3%A4+");
  ASSERT_NE(match.handler, nullptr);
  EXPECT_THAT(match.path_parameters,
              ElementsAre(Pair("db_id", "a/b c"), Pair("session", "\xc3\xa4+")));
}

TEST_F(RouterTest, FindsPathsWithNeedlessEscapes) {
  EXPECT_EQ(route(Method::Get, "/%64atabases/or%64ers"), "/databases/:db_id");
}

TEST_F(RouterTest, FindsNothingWhereNothingIs) {
  for (const char* path : {"/nope", "/databases/a/b", "/databases//", "//databases", "", "*", "//",
                           "/databases/%zz", "/databases/%", "/databases/%00", "/health"}) {
    const auto match = router_.find(Method::Get, path);
    EXPECT_EQ(match.handler, nullptr) << path;
    EXPECT_THAT(match.allowed, IsEmpty()) << path;
  }
}

TEST_F(RouterTest, NamesTheMethodsOfAPath) {
  const auto match = router_.find(Method::Put, "/databases/a");
  EXPECT_EQ(match.handler, nullptr);
  EXPECT_THAT(match.allowed, UnorderedElementsAre(Method::Get, Method::Delete));
}

}  // namespace
}  // namespace sluice::http
