#include "http/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <new>

#include "http/syntax.h"

namespace sluice::http {
namespace {

constexpr int kFast = 1;
constexpr int kGzipFormat = 15 + 16;  // the largest window, and zlib's way to ask for gzip
constexpr int kUsualMemory = 8;

/// Takes the text up to the separator off the front.
std::string_view take_until(std::string_view& text, char separator) {
  const std::string_view taken = text.substr(0, text.find(separator));
  text.remove_prefix(std::min(text.size(), taken.size() + 1));
  return trimmed(taken);
}

/// Of an entry's parameters; what is no number from 0 to 1 is taken for 1.
double weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view value = take_until(parameters, ';');
    if (!equal_ignoring_case(take_until(value, '='), "q")) continue;
    double weight = 1;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), weight);
    return read.ec == std::errc() && weight >= 0 && weight <= 1 ? weight : 1;
  }
  return 1;
}

int flush_mode(Gzip::Then then) {
  switch (then) {
    case Gzip::Then::kGoOn:
      return Z_NO_FLUSH;
    case Gzip::Then::kFlush:
      return Z_SYNC_FLUSH;
    case Gzip::Then::kEnd:
      return Z_FINISH;
  }
  return Z_FINISH;
}

}  // namespace

double quality_of(std::string_view header, std::string_view word) {
  while (!header.empty()) {
    std::string_view entry = take_until(header, ',');
    if (equal_ignoring_case(take_until(entry, ';'), word)) return weight_of(entry);
  }
  return -1;
}

bool wants_gzip(std::string_view accept_encoding) {
  if (accept_encoding.empty()) return false;
  double gzip = quality_of(accept_encoding, "gzip");
  if (gzip < 0) gzip = quality_of(accept_encoding, "*");
  return gzip > 0 && gzip >= quality_of(accept_encoding, "identity");
}

bool is_compressible(const Response& response) {
  const std::string_view type = response.content_type;
  constexpr std::array<std::string_view, 3> kTexts{"application/json", "application/x-ndjson",
                                                   "application/problem+json"};
  const bool is_text =
      type.starts_with("text/") || type.starts_with("application/openmetrics-text") ||
      type.starts_with("image/svg") ||
      std::ranges::any_of(kTexts, [type](auto text) { return type.starts_with(text); });
  return is_text && std::ranges::none_of(response.headers, [](const auto& header) {
           return equal_ignoring_case(header.first, "content-encoding");
         });
}

struct Gzip::State {
  z_stream stream{};
};

Gzip::Gzip() : state_(std::make_unique<State>()) {
  if (deflateInit2(&state_->stream, kFast, Z_DEFLATED, kGzipFormat, kUsualMemory,
                   Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
}

Gzip::~Gzip() { deflateEnd(&state_->stream); }

std::string Gzip::compress(std::string_view text, Then then) {
  z_stream& stream = state_->stream;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));  // it only reads
  stream.avail_in = static_cast<uInt>(text.size());
  std::string output;
  do {
    const std::size_t before = output.size();
    output.resize(before + std::max<std::size_t>(text.size() / 4, 512));
    stream.next_out = reinterpret_cast<Bytef*>(output.data() + before);
    stream.avail_out = static_cast<uInt>(output.size() - before);
    deflate(&stream, flush_mode(then));
    output.resize(output.size() - stream.avail_out);
  } while (stream.avail_out == 0);
  return output;
}

}  // namespace sluice::http
