#include "base/timer.h"

#include <utility>

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
  if (!held_back_.empty()) return firing_;
  if (heap_.empty()) return std::nullopt;
  return heap_.front()->at_;
}

void TimerQueue::fire_due(TimePoint now) {
  firing_ = now;
  while (!heap_.empty() && heap_.front()->at_ <= now) {
    Timer& timer = *heap_.front();
    remove(timer);
    auto on_time = timer.on_time_;  // a copy: the function may destroy its own timer
    on_time();
  }
  for (Timer* timer : held_back_) push(*timer);
  held_back_.clear();
  firing_.reset();
}

void TimerQueue::insert(Timer& timer) {
  timer.order_ = next_order_++;
  if (!firing_ || timer.at_ > *firing_) return push(timer);
  timer.held_back_ = true;
  timer.index_ = held_back_.size();
  held_back_.push_back(&timer);
}

void TimerQueue::push(Timer& timer) {
  timer.held_back_ = false;
  heap_.push_back(&timer);
  timer.index_ = heap_.size() - 1;
  sift_up(timer.index_);
}

void TimerQueue::remove(Timer& timer) {
  std::vector<Timer*>& queue = timer.held_back_ ? held_back_ : heap_;
  const std::size_t hole = timer.index_;
  Timer* last = queue.back();
  queue.pop_back();
  timer.index_ = Timer::kNotQueued;
  if (last == &timer) return;
  queue[hole] = last;
  last->index_ = hole;
  if (timer.held_back_) return;
  sift_up(hole);
  sift_down(last->index_);
}

bool TimerQueue::earlier(const Timer& a, const Timer& b) {
  return a.at_ != b.at_ ? a.at_ < b.at_ : a.order_ < b.order_;
}

void TimerQueue::sift_up(std::size_t index) {
  while (index > 0) {
    const std::size_t parent = (index - 1) / 2;
    if (!earlier(*heap_[index], *heap_[parent])) return;
    Timer* child = heap_[index];
    place(index, heap_[parent]);
    place(parent, child);
    index = parent;
  }
}

void TimerQueue::sift_down(std::size_t index) {
  for (;;) {
    std::size_t least = index;
    for (std::size_t child = 2 * index + 1; child <= 2 * index + 2 && child < heap_.size();
         ++child) {
      if (earlier(*heap_[child], *heap_[least])) least = child;
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
