#include "simulation/wire_client.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

namespace sluice::simulation {
namespace {

std::string unzipped(const std::string& compressed) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  std::string text;
  std::array<char, 64 * 1024> part{};
  int status = Z_OK;
  while (status == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(part.data());
    stream.avail_out = static_cast<uInt>(part.size());
    status = inflate(&stream, Z_SYNC_FLUSH);
    text.append(part.data(), part.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  return text;
}

/// Takes the chunks off the front; whether the last one was among them.
bool take_chunks(std::string_view& text, std::string& body) {
  for (;;) {
    const auto line = text.find("\r\n");
    if (line == std::string_view::npos) return false;
    const std::size_t size = std::stoul(std::string(text.substr(0, line)), nullptr, 16);
    if (text.size() < line + size + 4) return body += text.substr(line + 2, size), false;
    body += text.substr(line + 2, size);
    text.remove_prefix(line + size + 4);
    if (size == 0) return true;
  }
}

std::map<std::string, std::string> headers_in(std::string_view head) {
  std::map<std::string, std::string> headers;
  for (auto at = head.find("\r\n"); at != std::string_view::npos; at = head.find("\r\n")) {
    head.remove_prefix(at + 2);
    const auto line = head.substr(0, head.find("\r\n"));
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    std::string name(line.substr(0, colon));
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    headers[name] = line.substr(colon + 2);
  }
  return headers;
}

void take_body(std::string_view& text, WireAnswer& answer, bool closed) {
  if (answer.headers.contains("transfer-encoding")) {
    answer.complete = take_chunks(text, answer.body);
    if (!answer.complete) text = {};
  } else if (const auto length = answer.headers.find("content-length");
             length != answer.headers.end()) {
    const auto size = std::min<std::size_t>(std::stoul(length->second), text.size());
    answer.complete = size == std::stoul(length->second);
    answer.body = text.substr(0, size);
    text.remove_prefix(size);
  } else {
    answer.complete = closed;
    answer.body = std::exchange(text, {});
  }
  if (answer.headers.contains("content-encoding")) answer.body = unzipped(answer.body);
}

/// Rows are numbered from 0 on; how many there are. Nothing: they are not as they should be.
std::optional<std::size_t> numbered(std::string_view body, std::string_view before) {
  std::size_t count = 0;
  for (auto at = body.find(before); at != std::string_view::npos; at = body.find(before, at)) {
    at += before.size();
    const std::string wanted = std::to_string(count++) + ":";
    // An answer that was cut ends anywhere.
    if (!wanted.starts_with(body.substr(at, wanted.size()))) return std::nullopt;
  }
  return count;
}

std::string ending_of(std::string_view text) {
  return std::string(text.substr(text.size() - std::min<std::size_t>(text.size(), 160)));
}

}  // namespace

std::vector<WireAnswer> answers_in(std::string_view received, bool closed) {
  std::vector<WireAnswer> answers;
  while (!received.empty()) {
    const auto end = received.find("\r\n\r\n");
    if (end == std::string_view::npos) return answers.emplace_back(), answers;
    const std::string_view head = received.substr(0, end);
    received.remove_prefix(end + 4);
    WireAnswer answer;
    answer.status = std::stoi(std::string(head.substr(9, 3)));
    if (answer.status == 100) continue;
    answer.headers = headers_in(head);
    take_body(received, answer, closed);
    answers.push_back(std::move(answer));
  }
  return answers;
}

/// Forgets a connection that closes, as the transport does, and holds it to what is promised of a
/// closed socket.
class WireClient::Stream final : public http::ByteStream {
 public:
  explicit Stream(WireClient& client) : client_(client) {}

  [[nodiscard]] http::IoResult read(std::span<char> buffer) override {
    must_be_open("read");
    if (client_.left_) return {http::IoResult::Kind::kBroken, 0};
    const std::size_t count = std::min(buffer.size(), client_.to_server_.size());
    if (count == 0 && client_.finished_) return {http::IoResult::Kind::kEnd, 0};
    if (count == 0) return {http::IoResult::Kind::kWouldBlock, 0};
    std::copy_n(client_.to_server_.begin(), count, buffer.begin());
    client_.to_server_.erase(0, count);
    return {http::IoResult::Kind::kDone, count};
  }
  [[nodiscard]] http::IoResult write(std::span<const std::string_view> parts) override {
    must_be_open("write");
    if (client_.left_) return {http::IoResult::Kind::kBroken, 0};
    std::size_t written = 0;
    for (const std::string_view part : parts) {
      const std::size_t count = std::min(part.size(), client_.takes_);
      client_.received_ += part.substr(0, count);
      client_.takes_ -= count;
      written += count;
    }
    if (client_.takes_ == 0) client_.read_on();
    if (written == 0) return {http::IoResult::Kind::kWouldBlock, 0};
    return {http::IoResult::Kind::kDone, written};
  }
  void shut_down_writing() override { must_be_open("shut_down_writing"); }
  void spoil() override { client_.left_ = true; }
  void close() override {
    must_be_open("close");
    client_.closed_ = true;
    client_.connection_.reset();
  }

 private:
  void must_be_open(const char* what) const {
    if (client_.closed_) client_.verdict_.broken("a closed socket is left alone", what);
  }

  WireClient& client_;
};

void WireClient::open(http::ConnectionContext& context) {
  loop_ = &context.loop;
  connection_ = std::make_shared<http::HttpConnection>(context, std::make_unique<Stream>(*this),
                                                       "192.0.2.1:1");
  connection_->open();
}

void WireClient::tell(http::Readiness readiness) {
  if (const auto connection = connection_) connection->on_ready(readiness);
}

void WireClient::send(WireRequest request, std::size_t bytes_at_first) {
  if (!may_send()) return;
  send_the_rest();
  if (!may_send()) return;
  const std::size_t at_first = std::min(bytes_at_first, request.bytes.size());
  to_server_ += request.bytes.substr(0, at_first);
  unsent_ = request.bytes.substr(at_first);
  sent_.push_back(std::move(request));
  tell({.readable = true});
}

void WireClient::send_the_rest() {
  if (unsent_.empty() || !may_send()) return;
  to_server_ += std::exchange(unsent_, {});
  tell({.readable = true});
}

/// There is no room for more: it has to read first.
void WireClient::read_on() {
  stuck_ = true;
  if (!habit_) return;
  const auto [after, bytes] = habit_();
  reading_.emplace(loop_->timers(), [this, read = bytes] { take(read); });
  reading_->arm(loop_->now() + after);
}

void WireClient::take(std::size_t bytes) {
  takes_ += bytes;
  if (std::exchange(stuck_, false)) tell({.writable = true});
}

void WireClient::leave() {
  if (gone()) return;
  left_ = true;
  tell({.readable = true, .peer_finished = true, .broken = true});
}

void WireClient::finish_sending() {
  if (!may_send()) return;
  send_the_rest();
  finished_ = true;
  tell({.readable = true, .peer_finished = true});
}

void WireClient::drain() {
  if (const auto connection = connection_) connection->drain();
}

void WireClient::abort() {
  if (const auto connection = connection_) connection->abort();
}

void WireClient::check(const std::map<std::string, std::size_t>& rows_of, bool drained) const {
  if (left_) return;
  const auto answers = answers_in(received_, closed_);
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const bool last = i + 1 == answers.size();
    if (!last && !answers[i].complete) {
      verdict_.broken("nothing follows an answer that is incomplete", ending_of(received_));
    }
    if (i < sent_.size()) check_answer(sent_[i], answers[i], rows_of);
    if (i >= sent_.size()) verdict_.broken("every answer has its request", answers[i].body);
  }
  if (answers.size() >= sent_.size()) return;
  const auto connection = answers.empty() ? ""
                          : answers.back().headers.count("connection") > 0
                              ? answers.back().headers.at("connection")
                              : "";
  const bool told = connection == "close" || (!answers.empty() && !answers.back().complete);
  if (closed_ && (told || drained || stuck_ || !unsent_.empty())) return;
  verdict_.broken("every request is answered, or the client is told that it will not be",
                  std::to_string(answers.size()) + " answers to " + std::to_string(sent_.size()) +
                      " requests; the last: " + ending_of(received_));
}

void WireClient::check_answer(const WireRequest& request, const WireAnswer& answer,
                              const std::map<std::string, std::size_t>& rows_of) const {
  using Kind = WireRequest::Kind;
  if (!answer.complete && !closed_) {
    return verdict_.broken("an answer ends, or its connection does",
                           request.bytes + "\n" + ending_of(answer.body));
  }
  if (answer.status != 200 || request.kind == Kind::kAny) return;
  const bool csv = request.kind == Kind::kCsv;
  auto rows = numbered(answer.body, csv ? "\r\n" : R"({"n":")");
  if (!rows) return verdict_.broken("rows come in order", ending_of(answer.body));
  const auto expected = rows_of.find(request.sql);
  if (!answer.complete || expected == rows_of.end()) return;
  const std::size_t wanted = expected->second + (csv ? 1 : 0);  // a line has its end, the last too
  const bool says_so =
      csv || answer.body.find("\"count\":" + std::to_string(wanted) + ",") != std::string::npos;
  if (*rows == wanted && says_so) return;
  // There was no room for the rest. A CSV cannot say so.
  const bool cut = answer.body.find("\"truncated\":true") != std::string::npos;
  if (*rows < wanted && (csv || cut)) return;
  verdict_.broken("a complete result has all rows, and says so",
                  request.bytes + "\n" + ending_of(answer.body));
}

}  // namespace sluice::simulation
