#include "app/client/http_client.h"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <limits>
#include <utility>
#include <vector>

namespace sluice::app::client {
namespace {

namespace http = boost::beast::http;
constexpr std::chrono::milliseconds kConnectPatience = std::chrono::seconds(5);
constexpr std::size_t kPiece = 64 * 1024;

http::request<http::string_body> encode(const Request& request, const Address& address,
                                        const std::string& key) {
  http::request<http::string_body> message;
  message.version(11);
  message.method_string(request.method);
  message.target(request.path);
  message.set(http::field::host, address.header);
  message.set(http::field::accept, request.accept);
  message.set(http::field::user_agent, "sluice");
  if (!key.empty()) message.set(http::field::authorization, "Bearer " + key);
  if (!request.body.empty()) message.set(http::field::content_type, "application/json");
  message.body() = request.body;
  message.prepare_payload();
  return message;
}

std::string text_of(boost::beast::string_view text) { return {text.data(), text.size()}; }

/// The other side has gone away.
bool is_cut(const boost::system::error_code& problem) {
  return problem == http::error::end_of_stream || problem == http::error::partial_message ||
         problem == boost::system::errc::connection_reset ||
         problem == boost::system::errc::broken_pipe;
}

tl::unexpected<Failure> lost(const Address& address, const boost::system::error_code& problem) {
  const bool late = problem == boost::system::errc::timed_out;
  const std::string words = late ? "the gateway did not answer in time"
                            : is_cut(problem)
                                ? "the connection was lost before the answer was complete; whether "
                                  "the request was carried out is not known"
                                : problem.message();
  return failed(ExitStatus::kUnreachable, address.name + ": " + words);
}

}  // namespace

Outcome<void> HttpClient::ready() {
  if (socket_ && !socket_->is_stale()) return {};
  auto connected = Socket::connect(address_, kConnectPatience);
  if (!connected) return tl::unexpected(std::move(connected.error()));
  socket_.emplace(*std::move(connected));
  return {};
}

/// A server may answer and leave before it has read all: its answer is what the caller wants.
Outcome<void> HttpClient::send(const Request& request) {
  const auto message = encode(request, address_, key_);
  socket_->set_patience(request.patience, stop_);
  boost::system::error_code problem;
  http::write(*socket_, message, problem);
  if (problem && !is_cut(problem)) return lost(address_, problem);
  return {};
}

Outcome<Reply> HttpClient::ask_once(const Request& request) {
  if (auto sent = send(request); !sent) return tl::unexpected(std::move(sent.error()));
  boost::system::error_code problem;
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  http::read(*socket_, buffer, parser, problem);
  if (problem) return lost(address_, problem);
  const bool keeps = parser.get().keep_alive();
  Reply reply{.status = static_cast<int>(parser.get().result_int()),
              .body = std::move(parser.get().body()),
              .server_timing = text_of(parser.get()["Server-Timing"])};
  if (!keeps) socket_.reset();
  return reply;
}

Outcome<Reply> HttpClient::ask(const Request& request) {
  const bool kept = socket_.has_value();
  if (auto connected = ready(); !connected) return tl::unexpected(std::move(connected.error()));
  auto reply = ask_once(request);
  if (reply) return reply;
  socket_.reset();  // whatever it would say next belongs to this request
  if (!kept || request.method != "GET") return reply;
  if (auto connected = ready(); !connected) return tl::unexpected(std::move(connected.error()));
  reply = ask_once(request);
  if (!reply) socket_.reset();
  return reply;
}

Outcome<Reply> HttpClient::stream(const Request& request, const TakePiece& take) {
  if (auto connected = ready(); !connected) return tl::unexpected(std::move(connected.error()));
  auto sent = send(request);
  auto reply = sent ? receive(take) : Outcome<Reply>(tl::unexpected(std::move(sent.error())));
  socket_.reset();
  return reply;
}

Outcome<Reply> HttpClient::receive(const TakePiece& take) {
  boost::beast::flat_buffer buffer;
  http::response_parser<http::buffer_body> parser;
  parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  boost::system::error_code problem;
  http::read_header(*socket_, buffer, parser, problem);
  if (problem) return lost(address_, problem);
  Reply reply{.status = static_cast<int>(parser.get().result_int()),
              .server_timing = text_of(parser.get()["Server-Timing"])};
  std::vector<char> piece(kPiece);
  while (!problem && !parser.is_done()) {
    parser.get().body().data = piece.data();
    parser.get().body().size = piece.size();
    http::read_some(*socket_, buffer, parser, problem);
    if (problem == http::error::need_buffer) problem = {};  // it is full: that is well
    const std::string_view text(piece.data(), piece.size() - parser.get().body().size);
    if (reply.status != 200) {
      reply.body += text;
    } else if (!text.empty() && !take(text)) {
      return reply;
    }
  }
  reply.complete = !problem;
  return reply;
}

}  // namespace sluice::app::client
