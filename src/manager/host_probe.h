#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/event_loop.h"
#include "base/timer.h"
#include "manager/host_facts.h"
#include "pool/connection.h"
#include "sluice/options.h"
#include "sluice/result.h"

namespace sluice::manager {

/// Looks at one host, over a connection of its own that stays open between looks. A server that
/// lacks PostgreSQL's functions is asked less. Lives on one loop's thread.
class HostProbe final : private RowSink {
 public:
  using Looked = std::function<void(Result<HostFacts>)>;

  /// `lost` is told when the connection breaks between two looks.
  HostProbe(base::EventLoop& loop, std::shared_ptr<pool::Connector> connector,
            std::function<void()> lost);
  ~HostProbe() override;

  /// Calls `looked` once, by the deadline whatever the host does, never from inside this call. Only
  /// when the last look has ended.
  void look(base::Duration patience, Looked looked);
  /// Other credentials: takes effect with the next connection, and drops this one.
  void replace_connector(std::shared_ptr<pool::Connector> connector);

  /// What is asked: the first by default, a further one of an engine that cannot answer.
  [[nodiscard]] static const char* question(std::size_t index);
  /// The options that a database's probes connect with.
  [[nodiscard]] static DatabaseOptions session_of(const DatabaseOptions& options);

 private:
  void connect();
  void on_connected(Result<std::unique_ptr<pool::Connection>> connected);
  void ask();
  void on_answer(const Result<Completion>& answer);
  void on_late();
  void end(Result<HostFacts> result);
  [[nodiscard]] HostFacts facts() const;

  void on_columns(const std::vector<Column>&) override {}
  RowVerdict on_row(std::span<const Cell> cells) override;

  base::EventLoop& loop_;
  std::shared_ptr<pool::Connector> connector_;
  std::function<void()> lost_;
  base::Timer late_;
  base::TimePoint deadline_{};
  base::TimePoint began_{};
  base::TimePoint asked_{};
  bool fresh_ = false;  // the connection was opened for this look
  std::size_t question_ = 0;
  std::vector<std::optional<std::string>> row_;
  Looked looked_;
  std::unique_ptr<pool::ConnectAttempt> attempt_;
  std::unique_ptr<pool::Connection> connection_;
};

}  // namespace sluice::manager
