#include "json/canonical_json.hpp"

#include <algorithm>
#include <vector>

#include "json/canonical_number.hpp"
#include "json/json_text.hpp"

namespace toolpost {
namespace {

constexpr std::uint32_t kDepthMax =
    512;  // what [limits] permits at most; keeps the recursion within the stack

/// Reads the text once and writes as it goes; only members that are out of order are moved afterwards.
class Canonizer {
 public:
  explicit Canonizer(std::string_view text) : text_(text) { out_.reserve(text.size()); }

  Result<std::string> run() {
    if (!is_valid_utf8(text_)) return Error{Errc::invalid_input, "not a JSON text: it is not valid UTF-8"};
    if (value(1)) {
      skip_space();
      if (at_ == text_.size()) return std::move(out_);
      fail("something follows the value");
    }
    return Error{Errc::invalid_input, "not a JSON text, at byte " + std::to_string(at_) + ": " + problem_};
  }

 private:
  struct Member {
    std::string_view key;   // raw, if without escapes
    std::string decoded;    // else
    std::size_t begin = 0;  // of "key":value in out_
    std::size_t end = 0;
    bool escaped = false;
    std::string_view name() const { return escaped ? std::string_view(decoded) : key; }
  };

  bool fail(const char* problem) {
    problem_ = problem;
    return false;
  }
  void skip_space() {
    while (at_ < text_.size() && std::string_view(" \t\r\n").find(text_[at_]) != std::string_view::npos)
      ++at_;
  }
  bool take(char expected) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != expected) return false;
    ++at_;
    return true;
  }

  bool value(std::uint32_t depth) {
    if (depth > kDepthMax) return fail("it nests deeper than 512 levels");
    skip_space();
    if (at_ >= text_.size()) return fail("a value is missing");
    switch (text_[at_]) {
      case '{':
        return object(depth);
      case '[':
        return array(depth);
      case '"': {
        Member ignored;
        return string(ignored);
      }
      case 't':
        return word("true");
      case 'f':
        return word("false");
      case 'n':
        return word("null");
      default:
        return number();
    }
  }

  bool word(std::string_view expected) {
    if (text_.substr(at_, expected.size()) != expected) return fail("no value begins like this");
    at_ += expected.size();
    out_ += expected;
    return true;
  }

  bool number() {
    const std::string_view digits = text_.substr(at_, number_size(text_.substr(at_)));
    if (digits.empty()) return fail("no value begins like this");
    if (!append_canonical_number(out_, digits))
      return fail("a number that fits neither 64 bits nor a double");
    at_ += digits.size();
    return true;
  }

  /// Writes the string that is next; tells `name` what it says.
  bool string(Member& name) {
    const std::size_t begin = at_ + 1;
    const std::size_t end = find_closing_quote(text_, begin);
    if (end == std::string_view::npos) return fail("a string has no end");
    name.key = text_.substr(begin, end - begin);
    name.escaped = name.key.find('\\') != std::string_view::npos;
    if (name.escaped) {
      if (!append_unescaped(name.decoded, name.key)) return fail("a string is malformed");
    } else if (std::any_of(name.key.begin(), name.key.end(),
                           [](char byte) { return static_cast<unsigned char>(byte) < 0x20; })) {
      return fail("a string holds a bare control character");
    }
    append_json_string(out_, name.name());
    at_ = end + 1;
    return true;
  }

  bool array(std::uint32_t depth) {
    ++at_;
    out_ += '[';
    if (!take(']')) {
      if (!value(depth + 1)) return false;
      while (take(',')) {
        out_ += ',';
        if (!value(depth + 1)) return false;
      }
      if (!take(']')) return fail("a list goes on without a comma");
    }
    out_ += ']';
    return true;
  }

  bool object(std::uint32_t depth) {
    ++at_;
    out_ += '{';
    if (take('}')) {
      out_ += '}';
      return true;
    }
    std::vector<Member> members;
    do {
      skip_space();
      if (at_ >= text_.size() || text_[at_] != '"') return fail("a key is missing");
      if (!members.empty()) out_ += ',';
      Member& member = members.emplace_back();
      member.begin = out_.size();
      if (!string(member)) return false;
      if (!take(':')) return fail("a key is not followed by a colon");
      out_ += ':';
      if (!value(depth + 1)) return false;
      member.end = out_.size();
    } while (take(','));
    if (!take('}')) return fail("an object goes on without a comma");
    out_ += '}';
    return sort_members(members);
  }

  /// The members are all at the end of out_, and `}` behind them.
  bool sort_members(std::vector<Member>& members) {
    const auto before = [](const Member& a, const Member& b) { return a.name() < b.name(); };
    const bool moves = !std::is_sorted(members.begin(), members.end(), before);
    const std::size_t begin = members.front().begin;
    if (moves) std::sort(members.begin(), members.end(), before);
    const auto same = [](const Member& a, const Member& b) { return a.name() == b.name(); };
    if (std::adjacent_find(members.begin(), members.end(), same) != members.end())
      return fail("a key is given twice");
    if (!moves) return true;
    std::string sorted;
    sorted.reserve(out_.size() - begin);
    for (const Member& member : members) {
      if (!sorted.empty()) sorted += ',';
      sorted.append(out_, member.begin, member.end - member.begin);
    }
    sorted += '}';
    out_.replace(begin, std::string::npos, sorted);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
  const char* problem_ = "";
};

}  // namespace

Result<std::string> canonical_json(std::string_view text) {
  return Canonizer(text).run();
}

}  // namespace toolpost
