#include "config/setting_value.hpp"

#include <algorithm>
#include <cmath>

#include "base/overload.hpp"
#include "base/text.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

using Kind = TomlNode::Kind;
using Fault = std::optional<std::string>;

std::string expectation(const SettingSpec& spec) {
  switch (spec.kind) {
    case SettingKind::flag:
      return "true or false";
    case SettingKind::count:
      return "a whole number" + (spec.unit.empty() ? "" : " (" + std::string(spec.unit) + ")") + " in " +
             range_text(spec);
    case SettingKind::duration:
      return "a whole number of milliseconds in " + range_text(spec);
    case SettingKind::ratio:
      return "a number in " + range_text(spec);
    case SettingKind::text:
      return spec.allowed.empty() ? "a string" : "one of " + range_text(spec);
    case SettingKind::texts:
      return "a list of strings";
    case SettingKind::secret:
      return "{ env = \"NAME\" }, { file = \"/absolute/path\" } or { command = [\"/absolute/program\"] }";
    case SettingKind::object:
      return "a table";
  }
  return "";
}

std::string mismatch(const SettingSpec& spec, const TomlNode& node) {
  return "must be " + expectation(spec) + ", found " + describe(node);
}

// Text goes into messages, paths and headers, where a line break or NUL would mean something else.
Fault text_fault(const std::string& text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(text.begin(), text.end(), control)) return "must not contain control characters";
  if (text.size() > 4096) return "must be at most 4,096 bytes long, found " + std::to_string(text.size());
  return std::nullopt;
}

Fault assign_text(const SettingSpec& spec, std::string& slot, const TomlNode& node) {
  if (spec.kind == SettingKind::object) {
    if (node.kind != Kind::table) return mismatch(spec, node);
    const TomlNode* culprit = nullptr;
    std::optional<std::string> json = to_json(node, culprit);
    if (!json)
      return "cannot be passed on as JSON: it holds " + describe(*culprit) + " at line " +
             std::to_string(culprit->line) + "; write it as a string";
    slot = std::move(*json);
    return std::nullopt;
  }
  if (node.kind != Kind::text) return mismatch(spec, node);
  if (Fault fault = text_fault(node.text)) return fault;
  if (!spec.allowed.empty()) {
    const std::vector<std::string> words = split(spec.allowed, '|');
    if (std::find(words.begin(), words.end(), node.text) == words.end()) {
      const auto guess = did_you_mean(node.text, words);
      return mismatch(spec, node) + (guess ? "; did you mean \"" + *guess + "\"?" : "");
    }
  }
  slot = node.text;
  return std::nullopt;
}

Fault assign_texts(const SettingSpec& spec, std::vector<std::string>& slot, const TomlNode& node) {
  if (node.kind != Kind::list) return mismatch(spec, node);
  std::vector<std::string> texts;
  for (const TomlNode& child : node.children) {
    if (child.kind != Kind::text) return "must be a list of strings, found " + describe(child) + " in it";
    if (Fault fault = text_fault(child.text)) return fault;
    if (child.text.empty()) return "must not hold empty strings";
    texts.push_back(child.text);
  }
  slot = std::move(texts);
  return std::nullopt;
}

// A secret written in place of its source must not reach a message, so texts are never quoted here.
Fault assign_secret(const SettingSpec& spec, std::optional<SecretSource>& slot, const TomlNode& node) {
  if (node.kind == Kind::text)
    return "must be " + expectation(spec) + ", found a string (not shown); secrets are never written here";
  if (node.kind != Kind::table) return "must be " + expectation(spec);
  SecretSource source;
  for (const TomlNode& child : node.children) {
    if (child.key == "command") {
      // What is wrong is said without the words themselves: one of them may be the secret.
      if (assign_texts(spec, source.command, child) || source.command.empty())
        return "must be " + expectation(spec) + "; command must be a list of strings that are not empty";
      continue;
    }
    if (child.key != "env" && child.key != "file")
      return "must be " + expectation(spec) + ", found the key " + toml_quoted(child.key) + " in it";
    if (child.kind != Kind::text || child.text.empty())
      return "must be " + expectation(spec) + "; " + child.key + " must be a string that is not empty";
    if (Fault fault = text_fault(child.text)) return child.key + " " + *fault;
    (child.key == "env" ? source.env : source.file) = child.text;
  }
  slot = std::move(source);
  return std::nullopt;
}

Fault assign_number(const SettingSpec& spec, const TomlNode& node, double& value) {
  const bool ratio = spec.kind == SettingKind::ratio;
  if (node.kind == Kind::integer) {
    value = static_cast<double>(node.integer);  // exact wherever it is within a range of ours
  } else if (ratio && node.kind == Kind::number) {
    value = node.number;
  } else {
    return mismatch(spec, node);
  }
  if (!(value >= spec.min && value <= spec.max)) return mismatch(spec, node);  // refuses nan too
  return std::nullopt;
}

std::string list_text(const std::vector<std::string>& texts) {
  std::string list = "[";
  for (const std::string& text : texts) list += (list.size() > 1 ? ", " : "") + toml_quoted(text);
  return list + "]";
}

std::string whole_text(std::uint64_t value) {
  return grouped(value, '_');
}

}  // namespace

std::optional<std::string> assign(const SettingSpec& spec, SettingSlot slot, const TomlNode& node) {
  const auto number = [&](auto store) -> Fault {
    double value = 0;
    Fault fault = assign_number(spec, node, value);
    if (!fault) store(value);
    return fault;
  };
  return std::visit(
      Overload{
          [&](bool* flag) -> Fault {
            if (node.kind != Kind::boolean) return mismatch(spec, node);
            *flag = node.boolean;
            return std::nullopt;
          },
          [&](std::uint32_t* to) { return number([&](double v) { *to = static_cast<std::uint32_t>(v); }); },
          [&](std::uint64_t* to) { return number([&](double v) { *to = static_cast<std::uint64_t>(v); }); },
          [&](double* to) { return number([&](double v) { *to = v; }); },
          [&](Millis* to) { return number([&](double v) { *to = Millis(static_cast<long long>(v)); }); },
          [&](std::optional<Millis>* to) {
            return number([&](double v) { *to = Millis(static_cast<long long>(v)); });
          },
          [&](std::optional<std::uint32_t>* to) {
            return number([&](double v) { *to = static_cast<std::uint32_t>(v); });
          },
          [&](std::string* to) { return assign_text(spec, *to, node); },
          [&](std::vector<std::string>* to) { return assign_texts(spec, *to, node); },
          [&](std::optional<SecretSource>* to) { return assign_secret(spec, *to, node); },
      },
      slot);
}

std::string value_text(const SettingSpec& spec, SettingSlot slot) {
  return std::visit(
      Overload{
          [](bool* flag) { return std::string(*flag ? "true" : "false"); },
          [](std::uint32_t* value) { return whole_text(*value); },
          [](std::uint64_t* value) { return whole_text(*value); },
          [](double* value) { return toml_number(*value); },
          [](Millis* value) { return whole_text(static_cast<std::uint64_t>(value->count())); },
          [](std::optional<Millis>* value) {
            return *value ? whole_text(static_cast<std::uint64_t>((*value)->count())) : std::string();
          },
          [](std::optional<std::uint32_t>* value) { return *value ? whole_text(**value) : std::string(); },
          [&](std::string* text) {
            return spec.kind == SettingKind::object ? json_to_toml(*text) : toml_quoted(*text);
          },
          [](std::vector<std::string>* texts) { return list_text(*texts); },
          [](std::optional<SecretSource>* source) {
            if (!*source) return std::string();
            if (!(*source)->command.empty()) return "{ command = " + list_text((*source)->command) + " }";
            const bool env = !(*source)->env.empty();
            return "{ " + std::string(env ? "env" : "file") + " = " +
                   toml_quoted(env ? (*source)->env : (*source)->file) + " }";
          },
      },
      slot);
}

std::string range_text(const SettingSpec& spec) {
  if (spec.kind == SettingKind::flag) return "true, false";
  if (!spec.allowed.empty()) {
    std::string words;
    for (const std::string& word : split(spec.allowed, '|')) words += (words.empty() ? "" : ", ") + word;
    return words;
  }
  if (spec.min == 0 && spec.max == 0) return "";
  const auto bound = [](double value) {
    return value == std::floor(value) ? grouped(static_cast<std::uint64_t>(value), ',') : toml_number(value);
  };
  return bound(spec.min) + ".." + bound(spec.max);
}

std::string human_text(const SettingSpec& spec, double value) {
  struct Scale {
    double size;
    const char* name;
  };
  constexpr Scale kBytes[] = {{1 << 30, " GiB"}, {1 << 20, " MiB"}, {1 << 10, " KiB"}};
  constexpr Scale kTimes[] = {{3'600'000, " h"}, {60'000, " min"}, {1'000, " s"}};
  const bool time = spec.kind == SettingKind::duration;
  if (!time && spec.unit != "bytes") return "";
  for (const Scale& scale : time ? kTimes : kBytes) {
    const double amount = value / scale.size;
    if (amount >= 1 && amount == std::floor(amount))
      return grouped(static_cast<std::uint64_t>(amount), ',') + scale.name;
  }
  return "";
}

std::string kind_text(SettingKind kind) {
  switch (kind) {
    case SettingKind::flag:
      return "true or false";
    case SettingKind::count:
      return "whole number";
    case SettingKind::ratio:
      return "number";
    case SettingKind::duration:
      return "whole number";
    case SettingKind::text:
      return "string";
    case SettingKind::texts:
      return "list of strings";
    case SettingKind::secret:
      return "secret source";
    case SettingKind::object:
      return "table";
  }
  return "";
}

std::string grouped(std::uint64_t value, char separator) {
  std::string digits = std::to_string(value);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, 1, separator);
  return digits;
}

}  // namespace toolpost
