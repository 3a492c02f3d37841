#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "sluice/error.h"
#include "sluice/result.h"

namespace sluice::json {

/// One value of a document, with everything below it. Never copied: it is a place in the document's
/// array of values, which holds them in the order of the source.
class Value {
 public:
  enum class Kind : std::uint8_t { kNull, kBool, kNumber, kString, kArray, kObject };

  /// Walks the elements of an array or the members of an object.
  class Iterator {
   public:
    explicit Iterator(const Value* at) : at_(at) {}
    const Value& operator*() const { return *at_; }
    Iterator& operator++() { return at_ += at_->span_, *this; }
    bool operator!=(const Iterator& other) const { return at_ != other.at_; }

   private:
    const Value* at_;
  };

  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] bool is_null() const { return kind_ == Kind::kNull; }
  /// The name of a member of an object; empty otherwise.
  [[nodiscard]] std::string_view key() const { return key_; }
  /// A string decoded; anything else exactly as it is written in the source: a number with all its
  /// digits, an array or an object as JSON.
  [[nodiscard]] std::string_view text() const { return text_; }
  /// Elements or members.
  [[nodiscard]] std::size_t size() const { return count_; }
  [[nodiscard]] Iterator begin() const { return Iterator(this + 1); }
  [[nodiscard]] Iterator end() const { return Iterator(this + span_); }
  /// The member of that name, or null.
  [[nodiscard]] const Value* find(std::string_view key) const;

 private:
  friend class TreeBuilder;
  std::string_view key_;
  std::string_view text_;
  std::uint32_t span_ = 1;  ///< values from this one to the next on the same level
  std::uint32_t count_ = 0;
  Kind kind_ = Kind::kNull;
};

/// A JSON text, read strictly (RFC 8259, nothing else): valid UTF-8, at most 64 levels. Immutable.
/// Points into the text it was parsed from, which must outlive it.
class Document {
 public:
  static constexpr std::size_t kMaxDepth = 64;

  /// Malformed text is kInvalidRequest without `fields`; the message begins with "malformed JSON".
  [[nodiscard]] static Result<Document> parse(std::string_view text);

  [[nodiscard]] const Value& root() const { return values_.front(); }
  /// Repeated names and strings with NUL, which PostgreSQL cannot store. Names end at the first
  /// array index: what lies below may be a parameter's value, and values do not go into errors.
  [[nodiscard]] const std::vector<FieldError>& mistakes() const { return mistakes_; }

 private:
  std::unique_ptr<char[]> decoded_;  ///< a copy of the text, in which strings are decoded in place
  std::vector<Value> values_;
  std::vector<FieldError> mistakes_;
};

/// Whether the error says that a body is no JSON at all (400), rather than the wrong JSON (422).
[[nodiscard]] bool is_malformed_json(const Error& error);

}  // namespace sluice::json
