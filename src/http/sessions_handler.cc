// /databases/<db_id>/sessions: a connection that a client keeps for several statements.
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/gateway.h"
#include "http/api.h"
#include "http/once.h"
#include "http/result_stream.h"
#include "json/requests.h"
#include "json/writer.h"

namespace sluice::http {
namespace {

using manager::SessionView;
using Pistache::Http::Method;

constexpr std::string_view kSecret = "sluice-session-secret";

std::string_view secret_of(const ApiCall& call) { return call.request().header(kSecret); }

gateway::SessionService::Name name_of(const ApiCall& call) {
  return {call.db_id(), call.path_parameter("session_id"), call.principal->name, secret_of(call)};
}

/// Operators may leave the secret out; a wrong one is wrong for them, too.
bool acts_as_operator(const ApiCall& call) {
  return secret_of(call).empty() && call.principal->may(security::Role::kOperator);
}

void write_session(json::Writer& writer, const SessionView& view) {
  writer.field("session_id", view.id).field("state", view.state);
  writer.field("key", view.actor).field("client", view.client);
  writer.field("age_ms", view.age.count()).field("idle_ms", view.idle.count());
  writer.field("expires_in_ms", view.expires_in.count());
}

void answer_opened(const ApiCall& call, const gateway::OpenedSession& opened) {
  json::Writer writer;
  writer.begin_object().field("db_id", call.db_id()).field("session_id", opened.id);
  writer.field("secret", opened.secret);
  writer.field("idle_timeout_ms", opened.idle_timeout.count());
  writer.field("max_duration_ms", opened.max_duration.count()).end_object();
  Response response;
  response.status = 201;
  response.body = writer.take();
  response.headers.emplace_back("Location",
                                fmt::format("/databases/{}/sessions/{}", call.db_id(), opened.id));
  response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("Server-Timing", server_timing(call.auth, opened.timings, {}));
  call.exchange->respond(std::move(response));
}

/// Why a request makes no sense for a session, in which a statement depends on those before it;
/// null: it does.
const char* misuse_in_session(const Request& http) {
  if (has_idempotency_key(http)) return "Idempotency-Key is not supported in sessions";
  if (!http.header("if-none-match").empty()) return "If-None-Match is not supported in sessions";
  return nullptr;
}

void open(const ApiCall& call) {
  if (const char* misuse = misuse_in_session(call.request())) {
    return call.respond(invalid_request(misuse));
  }
  auto request = json::decode_session(call.request().body);
  if (!request) return call.respond(request.error());
  const auto running = call.gateway.sessions().open(
      {call.db_id(), *request, call.loop(), call.request().received_at, &call.exchange->origin()},
      [call](const Result<gateway::OpenedSession>& opened) {
        if (!opened) return call.respond(opened.error());
        answer_opened(call, *opened);
      });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void query(const ApiCall& call) {
  const auto form = wanted_form(call, kOfStatements);
  if (!form) return;
  if (const char* misuse = misuse_in_session(call.request())) {
    return call.respond(invalid_request(misuse));
  }
  auto request = json::decode_query(call.request().body);
  if (!request) return call.respond(request.error());
  if (request->cache_ttl || request->etag) {
    return call.respond(invalid_request("cache_ttl_ms and etag are not supported in sessions"));
  }
  gateway::QueryService::Order order{call.db_id(),
                                     std::move(*request),
                                     call.loop(),
                                     call.request().received_at,
                                     &call.exchange->origin(),
                                     call.gateway.rules().trace_comment,
                                     gateway::SessionService::use_of(name_of(call))};
  if (*form != ResultForm::kJson) return respond_stream(call, std::move(order), *form);
  const auto running = call.gateway.queries().run(
      std::move(order),
      [call](Result<gateway::QueryAnswer> answer) { respond_answer(call, std::move(answer)); });
  call.exchange->on_client_gone([running] { running.cancel(); });
}

void list(const ApiCall& call) {
  call.gateway.sessions().list(
      call.db_id(), call.loop(), [call](const Result<std::vector<SessionView>>& sessions) {
        if (!sessions) return call.respond(sessions.error());
        json::Writer writer;
        writer.begin_object().field("db_id", call.db_id()).begin_array("sessions");
        for (const SessionView& view : *sessions) {
          writer.begin_object();
          write_session(writer, view);
          writer.end_object();
        }
        writer.end_array().field("count", sessions->size()).end_object();
        call.respond(200, writer.take());
      });
}

void show(const ApiCall& call) {
  auto found = [call](const std::optional<SessionView>& view) {
    if (!view) return call.respond(manager::unknown_session());
    json::Writer writer;
    writer.begin_object().field("db_id", call.db_id());
    write_session(writer, *view);
    writer.end_object();
    call.respond(200, writer.take());
  };
  auto& sessions = call.gateway.sessions();
  if (!acts_as_operator(call)) return sessions.look(name_of(call), call.loop(), found);
  sessions.look(call.db_id(), call.path_parameter("session_id"), call.loop(), found);
}

void close(const ApiCall& call) {
  auto found = [call](const std::optional<SessionView>& view) {
    if (!view) return call.respond(manager::unknown_session());
    json::Writer writer;
    writer.begin_object().field("db_id", call.db_id()).field("session_id", view->id);
    writer.field("closed", true).end_object();
    call.respond(200, writer.take());
  };
  auto& sessions = call.gateway.sessions();
  if (!acts_as_operator(call)) return sessions.close(name_of(call), call.loop(), found);
  sessions.kill(call.db_id(), call.path_parameter("session_id"), call.by(), found);
}

}  // namespace

void add_session_routes(Api& api) {
  api.add_work(Method::Post, "/databases/:db_id/sessions", open);
  api.add(Method::Get, "/databases/:db_id/sessions", Access::kOperator, list);
  api.add_work(Method::Post, "/databases/:db_id/sessions/:session_id/query", query);
  api.add(Method::Get, "/databases/:db_id/sessions/:session_id", Access::kQuery, show);
  api.add(Method::Delete, "/databases/:db_id/sessions/:session_id", Access::kQuery, close);
}

}  // namespace sluice::http
