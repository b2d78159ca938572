// Three readers of one JSON text must agree, the canonical form is a fixed point, and cleaned text is clean.
#include <nlohmann/json.hpp>

#include "fuzz.hpp"
#include "json/canonical_json.hpp"
#include "json/invisible.hpp"
#include "json/json_reader.hpp"
#include "json/raw_member.hpp"
#include "json/utf8.hpp"

using namespace toolpost;
using nlohmann::json;

namespace {

void check_clean(const json& value) {
  if (value.is_string()) hold(!has_invisible(value.get_ref<const std::string&>()), "cleaned text is clean");
  for (const json& inner : value.is_structured() ? value : json::array()) check_clean(inner);
}

void check_members(std::string_view text, simdjson::dom::element element) {
  if (!element.is_object()) return;
  for (const auto& [key, value] : simdjson::dom::object(element)) {
    const auto raw = raw_member(text, key);
    hold(raw.has_value(), "every member is found in the text");
    hold(canonical_json(*raw).value() == canonical_json(simdjson::minify(value)).value(),
         "a member's text is its value");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz_text(data, size);
  LimitSettings limits;
  limits.depth_max = 512;
  JsonReader reader(limits);
  const auto read = reader.read_copy(text);
  const auto canonical = canonical_json(text);
  if (read) hold(canonical.has_value(), "what the strict reader takes has a canonical form");
  if (canonical) {
    hold(canonical_json(*canonical).value() == *canonical, "the canonical form is a fixed point");
    hold(is_valid_utf8(*canonical), "the canonical form is UTF-8");
    hold(json::accept(*canonical), "the canonical form is JSON");
  }
  auto clean = clean_json(text);  // of anything: an error or a text, never a crash
  if (!read) return 0;
  hold(*canonical == canonical_json(simdjson::minify(*read)).value(), "both readers read the same");
  check_members(text, *read);
  if (!clean) {
    hold(is_valid_utf8(clean.error().message), "a refusal is UTF-8");
    return 0;
  }
  check_clean(json::parse(clean->text));
  hold(clean_json(clean->text)->removed == 0, "cleaning twice removes nothing more");
  if (clean->removed == 0) hold(clean->text == text, "what needs no cleaning keeps its bytes");
  if (!may_need_cleaning(text)) hold(clean->removed == 0, "the quick scan misses nothing");
  return 0;
}
