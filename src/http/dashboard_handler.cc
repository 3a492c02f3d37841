// GET /admin: the dashboard's files. They hold no data; what they fetch is guarded like everything.
#include <string>

#include "http/api.h"
#include "http/dashboard_files.h"

namespace sluice::http {
namespace {

using Pistache::Http::Method;

void serve(const ApiCall& call) {
  respond_file(call, *dashboard_file(call.request().path), kDashboardPolicy);
}

}  // namespace

void add_dashboard_routes(Api& api) {
  for (const char* path : {"/admin", "/admin/dashboard.css", "/admin/dashboard.js",
                           "/admin/inter.woff2", "/admin/licences.txt"}) {
    api.add(Method::Get, path, Access::kPublic, serve);
  }
}

}  // namespace sluice::http
