#include "base/timer.h"

#include <algorithm>

namespace sluice::base {

Timer::Timer(TimerQueue& queue, std::function<void()> on_time)
    : queue_(queue), on_time_(std::move(on_time)) {}

Timer::~Timer() { disarm(); }

void Timer::arm(TimePoint at) {
  disarm();
  at_ = at;
  queue_.insert(*this);
}

void Timer::disarm() {
  if (armed()) queue_.remove(*this);
}

std::optional<TimePoint> TimerQueue::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->at_;
}

void TimerQueue::fire_due(TimePoint now) {
  // A function may arm timers for "now"; counting first keeps them for the next turn.
  auto due = std::count_if(heap_.begin(), heap_.end(), [now](Timer* t) { return t->at_ <= now; });
  while (due-- > 0 && !heap_.empty() && heap_.front()->at_ <= now) {
    Timer& timer = *heap_.front();
    remove(timer);
    auto on_time = timer.on_time_;  // a copy: the function may destroy its own timer
    on_time();
  }
}

void TimerQueue::insert(Timer& timer) {
  heap_.push_back(&timer);
  timer.index_ = heap_.size() - 1;
  sift_up(timer.index_);
}

void TimerQueue::remove(Timer& timer) {
  const std::size_t hole = timer.index_;
  Timer* last = heap_.back();
  heap_.pop_back();
  timer.index_ = Timer::kNotQueued;
  if (last == &timer) return;
  place(hole, last);
  sift_up(hole);
  sift_down(last->index_);
}

void TimerQueue::sift_up(std::size_t index) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (heap_[parent]->at_ <= heap_[index]->at_) return;
    Timer* child = heap_[index];
    place(index, heap_[parent]);
    place(parent, child);
    index = parent;
  }
}

void TimerQueue::sift_down(std::size_t index) {
  for (;;) {
    std::size_t least = index;
    for (std::size_t child = 2 * index + 1; child <= 2 * index + 2 && child < heap_.size(); ++child) {
      if (heap_[child]->at_ < heap_[least]->at_) least = child;
    }
    if (least == index) return;
    Timer* parent = heap_[index];
    place(index, heap_[least]);
    place(least, parent);
    index = least;
  }
}

void TimerQueue::place(std::size_t index, Timer* timer) {
  heap_[index] = timer;
  timer->index_ = index;
}

}  // namespace sluice::base
