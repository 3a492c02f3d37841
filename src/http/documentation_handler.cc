// GET /openapi.json and /docs: the API's description, for programs and for people.
#include <memory>
#include <mutex>
#include <string>

#include "gateway/version.h"
#include "http/api.h"
#include "http/documentation_files.h"
#include "http/openapi_document.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

/// Made when it is first asked for, from all routes that there are by then.
class Description {
 public:
  explicit Description(const Api& api) : api_(api) {}
  const std::string& text() {
    std::call_once(made_, [this] { text_ = openapi_document(api_.routes(), gateway::version()); });
    return text_;
  }

 private:
  const Api& api_;
  std::once_flag made_;
  std::string text_;
};

}  // namespace

void add_documentation_routes(Api& api) {
  const auto description = std::make_shared<Description>(api);
  api.add(Method::Get, "/openapi.json?*", Access::kPublic,
          [description](const ApiCall& call) { call.respond(200, description->text()); });
  for (const char* path : {"/docs", "/docs/swagger-ui.css", "/docs/swagger-ui-bundle.js",
                           "/docs/start.js", "/docs/licences.txt"}) {
    api.add(Method::Get, std::string(path) + "?*", Access::kPublic,
            [file = documentation_file(path)](const ApiCall& call) {
              respond_file(call, *file, kDocumentationPolicy);
            });
  }
}

}  // namespace sluice::http
