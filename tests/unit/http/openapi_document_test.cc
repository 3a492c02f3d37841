#include "http/openapi_document.h"

#include <gtest/gtest.h>

#include "http/openapi_files.h"
#include "json/document.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;
using Routes = std::vector<Api::Route>;

TEST(OpenApiDocument, EveryFileIsRightJson) {
  for (const std::string_view name : kOpenApiFiles) {
    const auto document = json::Document::parse(openapi_file(name)->content);
    ASSERT_TRUE(document) << name << ": " << document.error().message;
    EXPECT_TRUE(document->mistakes().empty()) << name;
  }
}

TEST(OpenApiDocument, ARouteThatNobodyDescribedIsTold) {
  const Routes routes{{Method::Get, "/livez", Access::kPublic},
                      {Method::Post, "/new/:db_id/route", Access::kQuery},
                      {Method::Post, "/admin/reload", Access::kAdmin, {"dryrun"}}};
  EXPECT_EQ(undocumented(routes),
            (std::vector<std::string>{"POST /new/{db_id}/route", "POST /admin/reload?"}));
}

TEST(OpenApiDocument, HasTheRoutesThatThereAre) {
  const Routes routes{{Method::Post, "/query/:db_id", Access::kQuery}};
  const std::string text = openapi_document(routes, "1.2.3");
  const auto document = json::Document::parse(text);
  ASSERT_TRUE(document) << document.error().message;
  const json::Value& paths = *document->root().find("paths");
  EXPECT_EQ(paths.size(), 1u);
  const json::Value& query = *paths.find("/query/{db_id}")->find("post");
  EXPECT_EQ(query.find("security")->text(), R"([{"key":["query"]}])");
  EXPECT_EQ(document->root().find("info")->find("version")->text(), "1.2.3");
  for (const char* status : {"200", "400", "401", "404", "409", "415", "422", "503", "504"}) {
    EXPECT_TRUE(query.find("responses")->find(status)) << status;
  }
}

}  // namespace
}  // namespace sluice::http
