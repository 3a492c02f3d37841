#include "gateway/snapshots.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace sluice::gateway {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// So few that a worker that gathers them is back at its queries within a fraction of a millisecond.
constexpr std::size_t kAtOnce = 32;
constexpr int kRecentSeconds = 10;

}  // namespace

Snapshots::Snapshots(manager::Manager& manager, base::EventLoop& home,
                     const std::atomic<bool>& draining)
    : manager_(manager),
      home_(home),
      draining_(draining),
      second_(home.timers(), [this] { on_second(); }),
      patience_(home.timers(), [this] { give_up_waiting(); }) {
  home.post([this] { start(); });
}

void Snapshots::start() {
  started_ = home_.now();
  recorded_at_ = started_;
  facts_.started_at = std::chrono::system_clock::now();
  on_second();
}

std::int64_t Snapshots::milliseconds_up() const {
  return std::chrono::floor<milliseconds>(home_.now() - started_).count();
}

// --- looking -----------------------------------------------------------------------------------

void Snapshots::on_second() {
  second_.arm(started_ + seconds(milliseconds_up() / 1'000 + 1));
  look();
}

void Snapshots::note_change() {
  if (change_noted_.exchange(true)) return;
  home_.post([this] {
    change_noted_ = false;
    look_again_ = looking_;  // the look that is under way may have passed it already
    look();
  });
}

void Snapshots::look() {
  if (looking_) return;
  looking_ = true;
  list_databases();
  looked_at_.clear();
  looked_at_.reserve(to_look_at_.size());
  look_at_some();
}

void Snapshots::list_databases() {
  const auto changes = manager_.registry_changes();
  if (changes == registry_seen_) return;
  registry_seen_ = changes;  // read before the list, so that a change in between is seen next time
  to_look_at_ = manager_.databases();
  facts_.registered = to_look_at_.size();
  to_look_at_.resize(std::min(to_look_at_.size(), kMostWatched));
}

void Snapshots::look_at_some() {
  const auto from = to_look_at_.begin() + static_cast<std::ptrdiff_t>(looked_at_.size());
  const auto left = static_cast<std::size_t>(to_look_at_.end() - from);
  if (left == 0) return finish_look();
  const auto to = from + static_cast<std::ptrdiff_t>(std::min(left, kAtOnce));
  manager_.stats({from, to}, &home_,
                 [this](std::vector<DatabaseStats> stats) { seen(std::move(stats)); });
}

void Snapshots::seen(std::vector<DatabaseStats> stats) {
  std::move(stats.begin(), stats.end(), std::back_inserter(looked_at_));
  look_at_some();
}

void Snapshots::finish_look() {
  looking_ = false;
  facts_.watched.swap(looked_at_);
  facts_.draining = draining_;
  const std::int64_t second = milliseconds_up() / 1'000;
  if (second > recorded_second_) record(second);
  judge();
  publish();
  if (std::exchange(look_again_, false)) look();
}

// --- keeping -----------------------------------------------------------------------------------

/// Gone databases are forgotten; their memory is the next one's.
void Snapshots::record(std::int64_t second) {
  const std::chrono::duration<double> elapsed = home_.now() - recorded_at_;
  const bool first = recorded_second_ < 0;
  const double span = first ? 1.0 : std::max(elapsed.count(), 0.001);
  const auto now = std::chrono::system_clock::now();
  std::map<std::string, Outcomes, std::less<>> ended;
  Point total;
  total.condition = Condition::kIdle;
  for (const DatabaseStats& stats : facts_.watched) {
    const Outcomes all = outcomes_of(stats);
    const auto before = ended_.find(stats.db_id);
    const Outcomes since = all - (before == ended_.end() ? Outcomes{} : before->second);
    const Point point = point_of(stats, since, span, condition_of(stats, now));
    if (History* history = history_for(stats, point.condition)) history->record(second, point);
    add_to_total(total, point);
    ended.emplace(stats.db_id, all);
  }
  std::erase_if(facts_.histories,
                [&ended](const auto& item) { return !ended.contains(item.first); });
  facts_.total.record(second, total);
  facts_.second = recorded_second_ = second;
  recorded_at_ = home_.now();
  ended_ = std::move(ended);
}

/// Null for databases that nothing has happened to, and for those beyond the bound.
History* Snapshots::history_for(const DatabaseStats& stats, Condition condition) {
  const auto found = facts_.histories.find(stats.db_id);
  if (found != facts_.histories.end()) return &found->second;
  const bool quiet = condition == Condition::kIdle && !stats.last_used;
  if (quiet || facts_.histories.size() >= kMostHistories) return nullptr;
  return &facts_.histories[stats.db_id];
}

void Snapshots::judge() {
  static const Point kNothing;
  facts_.attention.clear();
  facts_.attention.reserve(facts_.watched.size());
  for (const DatabaseStats& stats : facts_.watched) {
    const auto found = facts_.histories.find(stats.db_id);
    facts_.attention.push_back(
        attention_for(stats, found == facts_.histories.end()
                                 ? kNothing
                                 : found->second.recent(recorded_second_, kRecentSeconds)));
  }
  std::vector<Concern> concerns;
  concerns.reserve(facts_.watched.size());
  for (std::size_t i = 0; i < facts_.watched.size(); ++i) {
    concerns.push_back({facts_.watched[i].db_id, &facts_.attention[i]});
  }
  facts_.verdict = verdict_over(std::move(concerns), facts_.draining);
}

// --- telling -----------------------------------------------------------------------------------

void Snapshots::publish() {
  facts_.sequence = std::max(milliseconds_up(), facts_.sequence + 1);
  documents_.clear();
  patience_.disarm();
  for (const Waiting& waiting : std::exchange(waiting_, {})) answer(waiting.question);
}

void Snapshots::ask(Question question) {
  home_.post([this, question = std::move(question)] {
    const bool news = !question.since || *question.since != facts_.sequence;
    if (news || draining_ || question.wait <= base::Duration::zero()) return answer(question);
    const auto until = home_.now() + question.wait;
    waiting_.push_back({question, until});
    if (!patience_.armed() || until < patience_.at()) patience_.arm(until);
  });
}

void Snapshots::give_up_waiting() {
  std::list<Waiting> impatient;
  std::optional<base::TimePoint> next;
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    const auto current = it++;
    if (current->until <= home_.now()) {
      impatient.splice(impatient.end(), waiting_, current);
    } else if (!next || current->until < *next) {
      next = current->until;
    }
  }
  if (next) patience_.arm(*next);
  for (const Waiting& waiting : impatient) answer(waiting.question);
}

void Snapshots::answer(const Question& question) {
  question.loop.post(
      [done = question.done, document = document_since(question.since)] { done(document); });
}

Snapshots::Document Snapshots::document_since(std::optional<std::int64_t> since) {
  // Whoever is as old as a ring, or from another life of the gateway, gets everything.
  const std::int64_t oldest =
      facts_.sequence - static_cast<std::int64_t>(History::kSeconds) * 1'000;
  if (since && (*since > facts_.sequence || *since < oldest)) since.reset();
  Document& document = documents_[since];
  if (!document) document = std::make_shared<const std::string>(snapshot_members(facts_, since));
  return document;
}

void Snapshots::history_of(std::string db_id, base::EventLoop& loop,
                           std::function<void(Document)> done) {
  home_.post([this, db_id = std::move(db_id), &loop, done = std::move(done)] {
    auto document = std::make_shared<const std::string>(history_members(facts_, db_id));
    loop.post([done, document = std::move(document)] { done(document); });
  });
}

}  // namespace sluice::gateway
