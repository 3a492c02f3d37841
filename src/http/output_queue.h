#pragma once

#include <cstddef>
#include <deque>
#include <string>

#include "gateway/in_flight.h"
#include "http/byte_stream.h"

namespace sluice::http {

/// What a connection still has to send. Small pieces share one buffer, big bodies are moved in and
/// never copied, and a piece that was sent in part stays where it is. Not thread-safe.
class OutputQueue {
 public:
  /// Where to append small pieces.
  [[nodiscard]] std::string& small();
  /// Adds a body, by copying or by moving, whichever is cheaper. Its charge ends when it is sent.
  void append(std::string&& body, gateway::ByteCharge&& charge = {});

  [[nodiscard]] bool empty() const { return size_before_ == 0 && parts_.empty() && small_.empty(); }
  [[nodiscard]] std::size_t size() const { return size_before_ + small_.size() - offset_; }

  /// Sends as much as the stream takes: kDone when nothing is left, kWouldBlock, or kBroken.
  [[nodiscard]] IoResult flush(ByteStream& stream);

 private:
  void consume(std::size_t bytes);

  struct Part {
    std::string text;
    gateway::ByteCharge charge = {};
  };
  std::deque<Part> parts_;       // before `small_`
  std::string small_;            // the last part; kept, so that steady traffic allocates nothing
  std::size_t size_before_ = 0;  // bytes in `parts_`
  std::size_t offset_ = 0;       // sent of the first part
};

}  // namespace sluice::http
