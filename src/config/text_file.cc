#include "config/text_file.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace sluice::config {

tl::expected<std::string, std::string> read_text_file(const std::string& file,
                                                      std::size_t largest) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) {
    return tl::make_unexpected(std::string("cannot be read: it is a directory"));
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int reason = errno != 0 ? errno : EIO;
    return tl::make_unexpected("cannot be read: " + std::generic_category().message(reason));
  }
  // Read to a bound instead of asking for the size, which pipes and /proc files do not know.
  constexpr std::size_t kPiece = 16 * 1024;
  std::string text;
  while (stream && text.size() <= largest) {
    const std::size_t before = text.size();
    text.resize(before + kPiece);
    stream.read(text.data() + before, kPiece);
    text.resize(before + static_cast<std::size_t>(stream.gcount()));
  }
  if (text.size() <= largest) return text;
  return tl::make_unexpected("is larger than " + std::to_string(largest) + " bytes");
}

tl::expected<std::string, std::string> read_secret_file(const std::string& file) {
  constexpr std::size_t kLargestSecret = 64 * 1024;
  auto text = read_text_file(file, kLargestSecret);
  if (!text) return text;
  while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
  if (text->empty()) return tl::make_unexpected(std::string("is empty"));
  return text;
}

}  // namespace sluice::config
