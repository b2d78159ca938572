#include "json/json_syntax.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace toolpost {
namespace {

using nlohmann::json;

/// Keeps nothing of a text but where it fails.
class FaultFinder final : public nlohmann::json_sax<json> {
 public:
  std::size_t fault = 0;  // bytes read when it was found; 0: none

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception&) override {
    fault = std::max<std::size_t>(1, position);
    return false;
  }
};

}  // namespace

std::string syntax_fault_place(std::string_view text) {
  FaultFinder finder;
  if (json::sax_parse(text, &finder)) return {};
  const std::string_view before = text.substr(0, finder.fault == 0 ? 0 : finder.fault - 1);
  const auto lines = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return "line " + std::to_string(lines + 1) + ", column " + std::to_string(before.size() - line_start + 1);
}

}  // namespace toolpost
