// The whole gateway in front of scripted databases: what only shows when all layers work together.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/openapi_document.h"
#include "http/scripted_gateway.h"
#include "support/sanitized.h"

namespace sluice::http {
namespace {

using ::testing::HasSubstr;

std::string connect_request(const std::string& db_id) {
  return post_request("/databases/connect",
                      R"({"host": "127.0.0.1", "database": "echo", "user": "u",
                                                "password": "p", "db_id": ")" +
                          db_id + "\"}");
}

std::string delete_request(const std::string& db_id) {
  return "DELETE /databases/" + db_id + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
}

std::string query_request(const std::string& db_id, const std::string& sql) {
  return post_request("/query/" + db_id, R"({"sql": ")" + sql + "\"}");
}

int status_of(TestClient& client, const std::string& request) {
  if (!client.send(request)) return 0;
  const auto answer = client.read_answer();
  return answer ? answer->status : 0;
}

constexpr int kConnects = testing::kSanitized ? 1'000 : 10'000;

TEST(Gateway, EveryRouteIsDescribed) {
  const ScriptedGateway gateway;
  EXPECT_EQ(undocumented(gateway.api().routes()), std::vector<std::string>())
      << "say what they do in src/http/openapi";
}

TEST(Gateway, EveryRouteAnswersWhateverComesBehindItsPath) {
  ScriptedGateway gateway;
  for (const auto& route : gateway.api().routes()) {
    std::string path = route.pattern;
    while (path.find(':') != std::string::npos) {
      const auto name = path.find(':');
      path.replace(name, path.find('/', name) - name, "x");
    }
    for (const char* end : {"", "/", "/?", "?x", "/x", "//"}) {
      TestClient client = gateway.connect();
      ASSERT_TRUE(client.send(get_request(path + end)));
      EXPECT_TRUE(client.read_answer()) << path << end;
    }
  }
}

// A worker may cache what it knows of databases, but never an absence, and nothing removed.
TEST(Gateway, WhatOneWorkerConnectsEveryWorkerFindsAtOnce) {
  ScriptedGateway gateway;
  TestClient one = gateway.connect();
  TestClient other = gateway.connect();  // on the other worker: they take turns
  for (int i = 0; i < kConnects; ++i) {
    const std::string db_id = "d" + std::to_string(i);
    ASSERT_EQ(status_of(one, connect_request(db_id)), 201) << i;
    ASSERT_TRUE(other.send(query_request(db_id, db_id)));
    const auto answer = other.read_answer();
    ASSERT_TRUE(answer) << i;
    ASSERT_EQ(answer->status, 200) << answer->body;
    ASSERT_THAT(answer->body, HasSubstr("\"rows\":[{\"statement\":\"" + db_id + "\"}]"));
    std::swap(one, other);
    if (i % 10 != 0) continue;
    ASSERT_EQ(status_of(one, delete_request(db_id)), 200) << i;
    ASSERT_EQ(status_of(other, query_request(db_id, db_id)), 404) << i;
  }
}

TEST(Gateway, RefusesAMegabyteOfOpenBracketsOnEveryRoute) {
  ScriptedGateway gateway;
  TestClient client = gateway.connect();
  ASSERT_EQ(status_of(client, connect_request("d")), 201);
  const std::string brackets(1 << 20, '[');
  std::string braces;
  while (braces.size() + 5 <= 1 << 20) braces += "{\"a\":";
  for (const char* path :
       {"/query/d", "/query", "/databases/connect", "/admin/databases/d/breaker"}) {
    for (const auto& body : {brackets, braces}) {
      ASSERT_TRUE(client.send(post_request(path, body)));
      const auto answer = client.read_answer();
      ASSERT_TRUE(answer) << path;
      EXPECT_EQ(answer->status, 400) << path;
      EXPECT_THAT(answer->body, HasSubstr("deeper"));
    }
  }
  EXPECT_EQ(status_of(client, query_request("d", "SELECT 1")), 200);
}

}  // namespace
}  // namespace sluice::http
