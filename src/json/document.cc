#include "json/document.h"

#include <rapidjson/reader.h>
#include <rapidjson/stream.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "json/field_name.h"

namespace sluice::json {
namespace {

constexpr std::string_view kMalformed = "malformed JSON";

std::string_view describe(rapidjson::ParseErrorCode code) {
  switch (code) {
    case rapidjson::kParseErrorDocumentEmpty:
      return "there is nothing";
    case rapidjson::kParseErrorDocumentRootNotSingular:
      return "something follows the end of the value";
    case rapidjson::kParseErrorObjectMissName:
      return "a name in double quotes is expected here";
    case rapidjson::kParseErrorObjectMissColon:
      return "a colon is expected after the name";
    case rapidjson::kParseErrorObjectMissCommaOrCurlyBracket:
      return "a comma or } is expected here";
    case rapidjson::kParseErrorArrayMissCommaOrSquareBracket:
      return "a comma or ] is expected here";
    case rapidjson::kParseErrorStringUnicodeEscapeInvalidHex:
      return "\\u needs four hexadecimal digits";
    case rapidjson::kParseErrorStringUnicodeSurrogateInvalid:
      return "half of a surrogate pair (\\ud800 to \\udfff) stands alone";
    case rapidjson::kParseErrorStringEscapeInvalid:
      return "no such escape sequence, or a bare control character in a string";
    case rapidjson::kParseErrorStringMissQuotationMark:
      return "the string is not closed";
    case rapidjson::kParseErrorStringInvalidEncoding:
      return "invalid UTF-8, or a bare control character, in a string";
    case rapidjson::kParseErrorNumberTooBig:
      return "the number is too large (over 1e308); send it as a string";
    case rapidjson::kParseErrorNumberMissFraction:
      return "a digit is expected after the decimal point";
    case rapidjson::kParseErrorNumberMissExponent:
      return "a digit is expected in the exponent";
    default:
      return "a value is expected here (object, array, string in double quotes, number, true, "
             "false or null)";
  }
}

std::string place(std::string_view text, std::size_t offset) {
  const std::string_view before = text.substr(0, offset);
  std::string result = " at byte " + std::to_string(offset + 1);
  const std::size_t newline = before.rfind('\n');
  if (newline == std::string_view::npos) return result;
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  return result + " (line " + std::to_string(line) + ", column " +
         std::to_string(offset - newline) + ")";
}

Error malformed(std::string_view text, std::size_t offset, std::string_view what) {
  return invalid_request(std::string(kMalformed) + place(text, offset) + ": " + std::string(what));
}

/// A UTF-16 surrogate written as UTF-8; RapidJSON lets a lone \udc00 through as this.
bool has_surrogate(std::string_view text) {
  for (std::size_t at = text.find('\xED'); at != std::string_view::npos;
       at = text.find('\xED', at + 1)) {
    if (at + 1 < text.size() && static_cast<unsigned char>(text[at + 1]) >= 0xA0) return true;
  }
  return false;
}

bool has_repeated_name(const Value& object) {
  constexpr std::size_t kFew = 8;  // below, comparing each with each is fastest
  std::vector<std::string_view> names;
  std::array<std::string_view, kFew> few;
  if (object.size() > kFew) names.reserve(object.size());
  std::size_t count = 0;
  for (const Value& member : object) {
    if (object.size() > kFew) {
      names.push_back(member.key());
      continue;
    }
    const auto seen_end = few.begin() + static_cast<std::ptrdiff_t>(count);
    if (std::find(few.begin(), seen_end, member.key()) != seen_end) return true;
    few[count++] = member.key();
  }
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

}  // namespace

/// Collects what RapidJSON reads.
class TreeBuilder {
 public:
  TreeBuilder(std::string_view source, const char* decoded, rapidjson::InsituStringStream& at)
      : source_(source), decoded_(decoded), at_(at) {
    values_.reserve(16);
    has_escapes_ = source.find('\\') != std::string_view::npos;
  }

  bool Null() { return add(Value::Kind::kNull, "null"), true; }
  bool Bool(bool value) { return add(Value::Kind::kBool, value ? "true" : "false"), true; }
  bool RawNumber(const char* digits, rapidjson::SizeType size, bool) {
    add(Value::Kind::kNumber, source_.substr(offset_of(digits), size));
    return true;
  }
  // Numbers come as RawNumber; the reader still wants these to exist.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(std::int64_t) { return false; }
  bool Uint64(std::uint64_t) { return false; }
  bool Double(double) { return false; }

  bool String(const char* text, rapidjson::SizeType size, bool) {
    if (!check(std::string_view(text, size))) return false;
    add(Value::Kind::kString, std::string_view(text, size));
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_ = std::string_view(text, size);
    return check(key_);
  }
  bool StartObject() { return open(Value::Kind::kObject); }
  bool StartArray() { return open(Value::Kind::kArray); }
  bool EndArray(rapidjson::SizeType) { return close(), true; }
  bool EndObject(rapidjson::SizeType) {
    const Value& object = close();
    suspicious_ = suspicious_ || has_repeated_name(object);
    return true;
  }

  [[nodiscard]] std::string_view refusal() const { return refusal_; }
  [[nodiscard]] bool suspicious() const { return suspicious_; }
  [[nodiscard]] std::vector<Value> take_values() { return std::move(values_); }

 private:
  [[nodiscard]] std::size_t offset_of(const char* in_decoded) const {
    return static_cast<std::size_t>(in_decoded - decoded_);
  }

  Value& add(Value::Kind kind, std::string_view text) {
    if (depth_ > 0) ++values_[open_[depth_ - 1]].count_;
    Value& value = values_.emplace_back();
    value.kind_ = kind;
    value.text_ = text;
    value.key_ = std::exchange(key_, {});
    return value;
  }

  bool open(Value::Kind kind) {
    if (depth_ == Document::kMaxDepth) {
      refusal_ = "nested deeper than 64 levels";
      return false;
    }
    add(kind, source_.substr(at_.Tell()));
    open_[depth_++] = static_cast<std::uint32_t>(values_.size() - 1);
    return true;
  }

  const Value& close() {
    Value& value = values_[open_[--depth_]];
    value.span_ = static_cast<std::uint32_t>(values_.size()) - open_[depth_];
    const std::size_t begin = static_cast<std::size_t>(value.text_.data() - source_.data());
    value.text_ = source_.substr(begin, at_.Tell() + 1 - begin);
    return value;
  }

  /// False for text that is no Unicode. Only escapes can smuggle such things past the reader.
  bool check(std::string_view text) {
    if (!has_escapes_) return true;
    suspicious_ = suspicious_ || text.find('\0') != std::string_view::npos;
    if (!has_surrogate(text)) return true;
    refusal_ = describe(rapidjson::kParseErrorStringUnicodeSurrogateInvalid);
    return false;
  }

  std::string_view source_;
  const char* decoded_;
  rapidjson::InsituStringStream& at_;
  std::vector<Value> values_;
  std::array<std::uint32_t, Document::kMaxDepth> open_{};
  std::size_t depth_ = 0;
  std::string_view key_;
  std::string_view refusal_;
  bool has_escapes_ = false;
  bool suspicious_ = false;  ///< worth a second look, with names
};

namespace {

/// The second look: finds what `suspicious` saw, and where.
class MistakeFinder {
 public:
  void visit(const Value& value, const std::string& name, bool in_array) {
    constexpr std::size_t kEnough = 20;
    if (mistakes_.size() >= kEnough) return;
    if (value.key().find('\0') != std::string_view::npos)
      add(name, "its name contains NUL (\\u0000)");
    if (value.kind() == Value::Kind::kString && value.text().find('\0') != std::string_view::npos) {
      add(name, "contains NUL (\\u0000), which PostgreSQL cannot store in text");
    }
    if (value.kind() == Value::Kind::kObject) report_repeated(value, name, in_array);
    std::size_t index = 0;
    for (const Value& child : value) {
      if (in_array) {
        visit(child, name, true);
      } else if (value.kind() == Value::Kind::kArray) {
        visit(child, name + "[" + std::to_string(index++) + "]", true);
      } else {
        visit(child, join_names(name, child.key()), false);
      }
    }
  }

  [[nodiscard]] std::vector<FieldError> take() { return std::move(mistakes_); }

 private:
  void add(const std::string& name, std::string_view message) {
    mistakes_.push_back({name, std::string(message)});
  }

  void report_repeated(const Value& object, const std::string& name, bool in_array) {
    std::vector<std::string_view> names;
    for (const Value& member : object) names.push_back(member.key());
    std::sort(names.begin(), names.end());
    const auto repeated = std::adjacent_find(names.begin(), names.end());
    if (repeated == names.end()) return;
    if (in_array) return add(name, "an object in it names a member twice");
    add(join_names(name, *repeated), "is given twice");
  }

  std::vector<FieldError> mistakes_;
};

}  // namespace

const Value* Value::find(std::string_view key) const {
  if (kind_ != Kind::kObject) return nullptr;
  for (const Value& member : *this) {
    if (member.key() == key) return &member;
  }
  return nullptr;
}

Result<Document> Document::parse(std::string_view text) {
  if (text.size() >= std::numeric_limits<std::uint32_t>::max()) {
    return fail(invalid_request(std::string(kMalformed) + ": longer than 4 GiB"));
  }
  Document document;
  // RapidJSON looks for the last bytes of a cut character, at most three, behind the end as well.
  constexpr std::size_t kPadding = 4;
  document.decoded_.reset(new char[text.size() + kPadding]);
  std::memcpy(document.decoded_.get(), text.data(), text.size());
  std::memset(document.decoded_.get() + text.size(), 0, kPadding);

  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag |
                              rapidjson::kParseValidateEncodingFlag |
                              rapidjson::kParseNumbersAsStringsFlag;
  rapidjson::InsituStringStream stream(document.decoded_.get());
  TreeBuilder builder(text, document.decoded_.get(), stream);
  rapidjson::Reader reader;
  const rapidjson::ParseResult result = reader.Parse<kFlags>(stream, builder);
  if (!builder.refusal().empty()) return fail(malformed(text, result.Offset(), builder.refusal()));
  if (result.IsError()) return fail(malformed(text, result.Offset(), describe(result.Code())));
  if (stream.Tell() != text.size()) return fail(malformed(text, stream.Tell(), "a NUL byte"));

  document.values_ = builder.take_values();
  if (!builder.suspicious()) return document;
  MistakeFinder finder;
  finder.visit(document.root(), {}, false);
  document.mistakes_ = finder.take();
  return document;
}

bool is_malformed_json(const Error& error) {
  return error.code == ErrorCode::kInvalidRequest && error.fields.empty() &&
         std::string_view(error.message).substr(0, kMalformed.size()) == kMalformed;
}

}  // namespace sluice::json
