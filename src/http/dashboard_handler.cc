// GET /admin: the dashboard's files. They hold no data; what they fetch is guarded like everything.
#include <string>

#include "http/api.h"
#include "http/dashboard_files.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

void serve(const ApiCall& call) {
  const EmbeddedFile* file = dashboard_file(call.request().path);
  Response response;
  response.body = file->content;
  response.content_type = file->content_type;
  response.headers.emplace_back("Content-Security-Policy", kDashboardPolicy);
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  response.headers.emplace_back("Cache-Control", "no-cache");
  call.exchange->respond(std::move(response));
}

}  // namespace

void add_dashboard_routes(Api& api) {
  for (const char* path : {"/admin", "/admin/dashboard.css", "/admin/dashboard.js",
                           "/admin/inter.woff2", "/admin/licences.txt"}) {
    api.add(Method::Get, path, Access::kPublic, serve);
  }
}

}  // namespace sluice::http
