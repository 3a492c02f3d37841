#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/gateway.h"
#include "http/embedded_file.h"
#include "http/exchange.h"
#include "http/router.h"
#include "json/fields.h"
#include "json/problem.h"
#include "security/api_keys.h"

namespace sluice::http {

/// How a protocol's clients say who they are, and how they read errors.
struct Dialect {
  /// What an Authorization header would say; null: it is that header.
  std::string (*authorization)(const Request& request);
  void (*respond_problem)(Exchange& exchange, const json::Problem& problem,
                          std::chrono::microseconds auth);
};
/// The API's own.
extern const Dialect kPlainDialect;

/// A request that has passed the guard: authenticated and allowed.
struct ApiCall {
  std::shared_ptr<Exchange> exchange;
  gateway::Gateway& gateway;
  const Dialect* dialect;
  /// Empty only on public routes, for callers without good credentials.
  std::optional<security::Principal> principal;
  std::chrono::microseconds auth{0};

  [[nodiscard]] const Request& request() const { return exchange->request(); }
  [[nodiscard]] base::EventLoop& loop() const { return exchange->loop(); }
  [[nodiscard]] const std::string& path_parameter(const std::string& name) const;
  [[nodiscard]] const std::string& db_id() const { return path_parameter("db_id"); }
  /// The caller as the operator that does something.
  [[nodiscard]] gateway::Operator by(std::string reason = {}) const;
  /// A parameter of the query string that is true, false or absent (false).
  [[nodiscard]] Result<bool> flag(const std::string& name) const;
  /// A parameter of the query string that is a whole number, or absent.
  [[nodiscard]] Result<std::optional<std::int64_t>> number(const std::string& name,
                                                           json::Bounds bounds) const;

  void respond(int status, std::string json) const;
  void respond(const Error& error) const;
  void respond(const json::Problem& problem) const;
};

/// Who may use a route.
enum class Access { kPublic, kQuery, kOperator, kAdmin };

/// Whether a route takes parameters of any name.
[[nodiscard]] inline bool takes_any(const std::vector<std::string>& parameters) {
  return parameters.size() == 1 && parameters.front() == "*";
}

/// The routes of the service: each is guarded the same way before its handler sees the request.
/// A pattern says which parameters of the query string its handler knows:
/// "/things/:id?force&limit". Others are refused, but not with "?*".
class Api {
 public:
  Api(Router& router, gateway::Gateway& gateway) : router_(router), gateway_(gateway) {}

  using ApiHandler = std::function<void(const ApiCall&)>;
  void add(Pistache::Http::Method method, std::string pattern, Access access, ApiHandler handler) {
    add(method, std::move(pattern), {access, false, std::move(handler)});
  }
  /// Likewise, for what is work for databases: limits on that apply. For Access::kQuery.
  void add_work(Pistache::Http::Method method, std::string pattern, ApiHandler handler) {
    add(method, std::move(pattern), {Access::kQuery, true, std::move(handler)});
  }
  /// Likewise, for another protocol than the API's own; its handler looks at Origin and
  /// Content-Type itself.
  void add_work(Pistache::Http::Method method, std::string pattern, const Dialect& dialect,
                ApiHandler handler) {
    add(method, std::move(pattern),
        {Access::kQuery, true, std::move(handler), &dialect, Entry::kOwn});
  }
  /// Likewise, for its answer to OPTIONS, which anybody may ask for.
  void add_options(std::string pattern, const Dialect& dialect, ApiHandler handler) {
    add(Pistache::Http::Method::Options, std::move(pattern),
        {Access::kPublic, false, std::move(handler), &dialect, Entry::kOwn});
  }

  /// What was added, as the API's description needs it.
  struct Route {
    Pistache::Http::Method method;
    std::string pattern;
    Access access;
    std::vector<std::string> parameters;  ///< "*": any
  };
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Guarded {
    Access access;
    bool is_work;
    ApiHandler handler;
    const Dialect* dialect = &kPlainDialect;
    Entry entry = Entry::kCommon;
    std::vector<std::string> parameters = {};
  };
  void add(Pistache::Http::Method method, std::string pattern, Guarded route);
  void guard(const std::shared_ptr<Exchange>& exchange, const Guarded& route);
  [[nodiscard]] std::optional<security::Principal> authenticate(ApiCall& call);
  void refuse_stranger(const ApiCall& call);
  [[nodiscard]] bool admit(const ApiCall& call);

  Router& router_;
  gateway::Gateway& gateway_;
  std::vector<Route> routes_;
};

/// Every route there is. One function per resource, one file each (<resource>_handler.cc).
void add_all_routes(Api& api);
void add_admin_bundle_routes(Api& api);
void add_admin_chaos_routes(Api& api);  ///< not among them: in the demo only
void add_admin_config_routes(Api& api);
void add_admin_event_routes(Api& api);
void add_admin_operation_routes(Api& api);
void add_admin_query_routes(Api& api);
void add_admin_statement_routes(Api& api);
void add_dashboard_routes(Api& api);
void add_database_routes(Api& api);
void add_documentation_routes(Api& api);  ///< after all others, as they describe them
void add_health_routes(Api& api);
void add_metrics_routes(Api& api);
void add_neon_routes(Api& api);
void add_query_routes(Api& api);
void add_schema_routes(Api& api);
void add_session_routes(Api& api);
void add_snapshot_routes(Api& api);

/// Answers with a page's file, under the page's own Content-Security-Policy.
void respond_file(const ApiCall& call, const EmbeddedFile& file, std::string_view policy);
/// Answers with what a statement gave, and where its time went.
void respond_answer(const ApiCall& call, Result<gateway::QueryAnswer> answer);
/// Likewise, for those who add to it.
[[nodiscard]] Response answer_response(const ApiCall& call, gateway::QueryAnswer answer);
/// Answers with a problem document. `auth`: what is known of the time it took.
void respond_problem(Exchange& exchange, const json::Problem& problem,
                     std::chrono::microseconds auth = {});
/// The headers that say when to come back, if there is something to say.
void add_retry_after(Response& response, const json::Problem& problem);
/// "Server-Timing" over the stages that were measured, in milliseconds.
[[nodiscard]] std::string server_timing(std::chrono::microseconds auth, const Timings& timings,
                                        std::chrono::microseconds encode);

}  // namespace sluice::http
