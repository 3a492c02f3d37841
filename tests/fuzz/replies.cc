// What a server, or somebody between, may say: the real postgres layer on a real loop and socket.
// The input is a statement in its first line, and then what the server says each time that it was
// told something.
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "base/epoll_loop.h"
#include "fuzz/fuzz.h"
#include "fuzz/scripted_server.h"
#include "postgres/postgres.h"

namespace sluice::fuzz {
namespace {

constexpr std::string_view kEndOfLine("\0\xff\0\xff", 4);  // between the server's lines
constexpr std::string_view kPassword = "Pa55word-of-nobody";
constexpr auto kPatience = std::chrono::seconds(5);
constexpr auto kAsTheSession = std::chrono::seconds(30);  // as when the corpus was recorded

/// Reads every cell, as an encoder would.
class ReadingSink final : public RowSink {
 public:
  void on_columns(const std::vector<Column>& columns) override {
    columns_ = columns.size();
    for (const Column& column : columns) sum_ += column.name.size() + column.type.size();
  }
  RowVerdict on_row(std::span<const Cell> cells) override {
    require(!ended, "nothing comes after the completion");
    require(cells.size() == columns_, "a row has as many cells as there are columns");
    for (const Cell& cell : cells)
      for (const char c : cell.text()) sum_ += static_cast<unsigned char>(c);
    return ++rows < 1000 ? RowVerdict::kContinue : RowVerdict::kTooLarge;
  }

  std::int64_t rows = 0;
  bool ended = false;

 private:
  std::size_t columns_ = 0;
  std::size_t sum_ = 0;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (true) {
    const std::size_t end = text.find(kEndOfLine);
    lines.push_back(text.substr(0, end));
    if (end == text.npos) return lines;
    text.remove_prefix(end + kEndOfLine.size());
  }
}

class Conversation {
 public:
  explicit Conversation(std::string_view input) {
    const std::size_t end = std::min(input.find('\n'), input.size());
    query_.sql = input.substr(0, end);
    if (query_.sql.find("$1") != query_.sql.npos) query_.params = {Param("1")};
    input.remove_prefix(std::min(end + 1, input.size()));
    server().begin(lines_of(input));
  }

  void hold() {
    if (!connect()) return;
    execute();
    // Twice, as the second time it comes from the cache.
    if (!connection_->broken() && clean()) execute();
    close();
  }

 private:
  static ScriptedServer& server() {
    static ScriptedServer server;
    return server;
  }
  static base::EpollLoop& loop() {
    static base::EpollLoop loop;
    loop.adopt_current_thread();
    return loop;
  }
  static pool::ConnectorFactory& factory() {
    static const auto factory = postgres::make_connector_factory({});
    return *factory;
  }
  static Target target() {
    Target target;
    target.host = server().directory();
    target.port = server().port();
    target.database = target.user = "app";
    target.password = Secret(std::string(kPassword));
    target.ssl = SslMode::kDisable;
    return target;
  }

  /// A server that has hung up keeps nobody waiting.
  template <typename Condition>
  static void turn_until(Condition condition, const char* promise) {
    const auto end = std::chrono::steady_clock::now() + kPatience;
    while (!condition()) {
      require(std::chrono::steady_clock::now() < end, promise);
      server().turn(loop().fd());
      loop().refresh_now();
      loop().run_ready();
    }
  }

  static void check(const Error& error) {
    require(!error.message.empty(), "a failure has words");
    require(error.message.find(kPassword) == error.message.npos, "no secret in words",
            error.message);
  }

  bool connect() {
    connector_ = factory().make(target(), {}, loop());
    std::optional<Result<std::unique_ptr<pool::Connection>>> connected;
    loop().refresh_now();
    const auto attempt = connector_->connect(
        base::Deadline::after(loop().now(), std::chrono::seconds(2)), [&](auto result) {
          require(!connected, "a connect ends once");
          connected.emplace(std::move(result));
        });
    turn_until([&] { return connected.has_value(); }, "a connect ends");
    if (!*connected) check(connected->error());
    if (!*connected) return false;
    connection_ = std::move(**connected);
    return true;
  }

  void execute() {
    ReadingSink sink;
    std::optional<Result<Completion>> done;
    loop().refresh_now();
    connection_->execute(query_, {.timeout = kAsTheSession}, sink, [&](auto result) {
      require(!done, "a statement ends once");
      sink.ended = true;
      done.emplace(std::move(result));
    });
    turn_until([&] { return done.has_value(); }, "a statement ends");
    if (!*done) return check(done->error());
    require((*done)->rows == sink.rows, "rows are counted");
    require(!(*done)->command.empty(), "what succeeds has a name", query_.sql);
  }

  bool clean() {
    std::optional<Status> cleaned;
    loop().refresh_now();
    connection_->reset(ResetPolicy::kDirty,
                       [&](Status status) { cleaned.emplace(std::move(status)); });
    turn_until([&] { return cleaned.has_value(); }, "cleaning ends");
    return cleaned->has_value() && !connection_->broken();
  }

  void close() {
    bool closed = false;
    loop().refresh_now();
    connection_->close([&] { closed = true; });
    turn_until([&] { return closed || server().over(); }, "closing ends");
    connection_.reset();
  }

  Query query_;
  std::unique_ptr<pool::Connector> connector_;
  std::unique_ptr<pool::Connection> connection_;
};

}  // namespace

void replies(std::string_view input) { Conversation(input).hold(); }

}  // namespace sluice::fuzz
