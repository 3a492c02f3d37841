#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/event_loop.h"
#include "base/timer.h"
#include "gateway/history.h"
#include "gateway/snapshot_document.h"
#include "manager/manager.h"

namespace sluice::gateway {

/// Looks at every database once a second, keeps what it saw, and tells whoever asks, as JSON. All
/// of it happens on one worker's loop, a few databases at a time so that nobody's query waits
/// behind it; a document is written once per sample, however many ask.
///
/// Bounds: the first 1,000 databases by id are looked at; the first 256 of these that are used get
/// a history of 103 KB each, 27 MB together. Those left out are counted in the document.
class Snapshots {
 public:
  static constexpr std::size_t kMostWatched = 1'000;
  static constexpr std::size_t kMostHistories = 256;

  /// `home`: where it works. Before the loops run, or on home's thread; destroyed after they have
  /// stopped.
  Snapshots(manager::Manager& manager, base::EventLoop& home, const std::atomic<bool>& draining);
  /// Before the workers run.
  void say_it_is_the_demo() { facts_.demo = true; }
  Snapshots(const Snapshots&) = delete;
  Snapshots& operator=(const Snapshots&) = delete;

  using Document = std::shared_ptr<const std::string>;
  struct Question {
    std::optional<std::int64_t> since;  ///< the sequence number the asker has; none: everything
    base::Duration wait{};              ///< for something newer, if there is none yet
    base::EventLoop& loop;              ///< where `done` runs
    std::function<void(Document)> done;
  };
  /// Any thread. The document lacks its opening brace, so that the caller's own can go first.
  void ask(Question question);
  /// The whole history of one database. Any thread.
  void history_of(std::string db_id, base::EventLoop& loop, std::function<void(Document)> done);
  /// A state has changed: whoever waits hears of it now, not at the next second. Any thread.
  void note_change();

 private:
  struct Waiting {
    Question question;
    base::TimePoint until;
  };

  void start();
  void on_second();
  void look();
  void list_databases();
  void look_at_some();
  void seen(std::vector<DatabaseStats> stats);
  void finish_look();
  void record(std::int64_t second);
  void judge();
  [[nodiscard]] History* history_for(const DatabaseStats& stats, Condition condition);
  void publish();
  void give_up_waiting();
  void answer(const Question& question);
  [[nodiscard]] Document document_since(std::optional<std::int64_t> since);
  [[nodiscard]] std::int64_t milliseconds_up() const;

  manager::Manager& manager_;
  base::EventLoop& home_;
  const std::atomic<bool>& draining_;
  base::Timer second_;
  base::Timer patience_;
  std::atomic<bool> change_noted_{false};

  // The look that is under way.
  std::vector<manager::DatabasePointer> to_look_at_;
  std::uint64_t registry_seen_ = 0;  // when these were listed
  std::vector<DatabaseStats> looked_at_;
  bool looking_ = false;
  bool look_again_ = false;  // something has changed meanwhile

  // What is known.
  base::TimePoint started_{};
  SnapshotFacts facts_;
  std::map<std::string, Outcomes, std::less<>> ended_;  // when last recorded
  std::int64_t recorded_second_ = -1;
  base::TimePoint recorded_at_{};

  std::map<std::optional<std::int64_t>, Document> documents_;  // of this sample, by `since`
  std::list<Waiting> waiting_;
};

}  // namespace sluice::gateway
