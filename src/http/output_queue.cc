#include "http/output_queue.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::http {
namespace {

constexpr std::size_t kCopyUpTo = 4096;      // a copy is cheaper than one more part
constexpr std::size_t kMaxKept = 64 * 1024;  // of the small buffer while nothing is queued
constexpr std::size_t kPartsPerWrite = 16;

}  // namespace

std::string& OutputQueue::small() { return small_; }

void OutputQueue::append(std::string&& body, gateway::ByteCharge&& charge) {
  if (body.size() <= kCopyUpTo) {
    small_ += body;
    return;
  }
  size_before_ += small_.size() + body.size();
  if (!small_.empty()) parts_.push_back({std::exchange(small_, {})});
  parts_.push_back({std::move(body), std::move(charge)});
}

IoResult OutputQueue::flush(ByteStream& stream) {
  std::size_t written = 0;
  while (!empty()) {
    std::array<std::string_view, kPartsPerWrite> views;
    std::size_t count = 0;
    for (auto it = parts_.begin(); it != parts_.end() && count < views.size(); ++it) {
      views[count++] = it->text;
    }
    if (count < views.size() && !small_.empty()) views[count++] = small_;
    views[0].remove_prefix(offset_);
    const IoResult result = stream.write({views.data(), count});
    if (result.kind != IoResult::Kind::kDone) return {result.kind, written};
    written += result.bytes;
    consume(result.bytes);
  }
  return {IoResult::Kind::kDone, written};
}

void OutputQueue::consume(std::size_t bytes) {
  offset_ += bytes;
  while (!parts_.empty() && offset_ >= parts_.front().text.size()) {
    offset_ -= parts_.front().text.size();
    size_before_ -= parts_.front().text.size();
    parts_.pop_front();
  }
  if (!parts_.empty() || offset_ < small_.size()) return;
  offset_ = 0;
  if (small_.capacity() > kMaxKept) small_ = {};
  small_.clear();
}

}  // namespace sluice::http
