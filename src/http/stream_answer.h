#pragma once

#include <string>
#include <string_view>

#include "gateway/row_stream.h"
#include "http/api.h"

namespace sluice::http {

/// An answer whose body comes in pieces. What is over before anything was sent is answered in one
/// piece, or with a problem document.
class StreamAnswer final : public gateway::StreamReceiver {
 public:
  StreamAnswer(ApiCall call, std::string content_type)
      : call_(std::move(call)), content_type_(std::move(content_type)) {}

  bool take(std::string_view piece) override;
  void complete(std::string_view last_piece, const Timings* timings) override;
  void refuse(const Error& error) override;
  void fail(std::string_view last_piece, const Error& error) override;

 private:
  [[nodiscard]] Response head(const Timings& timings) const;
  [[nodiscard]] gateway::RequestMetrics& metrics() const { return call_.gateway.request_metrics(); }
  void begin();
  void complete_at_once(std::string_view whole, const Timings& timings);
  bool write(std::string_view piece);
  void count_end(metrics::StreamEnd end) const;

  const ApiCall call_;
  const std::string content_type_;
  bool begun_ = false;
};

}  // namespace sluice::http
