// GET /admin: the dashboard's files. They hold no data; what they fetch is guarded like everything.
#include <string>

#include "http/api.h"
#include "http/dashboard_files.h"

namespace sluice::http {

using Pistache::Http::Method;

void add_dashboard_routes(Api& api) {
  for (const char* path : {"/admin", "/admin/dashboard.css", "/admin/dashboard.js",
                           "/admin/inter.woff2", "/admin/licences.txt"}) {
    api.add(Method::Get, std::string(path) + "?*", Access::kPublic,
            [file = dashboard_file(path)](const ApiCall& call) {
              respond_file(call, *file, kDashboardPolicy);
            });
  }
}

}  // namespace sluice::http
