#include "cli/terminal_desk.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "base/write_all.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t kLineBytesMax = 64 << 10;  // a longer answer is cut off by ending the question

std::string text_in(const json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

/// What may be chosen, as {value, title}; empty when anything may.
std::vector<std::pair<json, std::string>> choices_of(const json& schema) {
  std::vector<std::pair<json, std::string>> choices;
  const json& source = schema.contains("items") ? schema["items"] : schema;
  for (const char* list : {"enum", "oneOf", "anyOf"}) {
    if (!source.contains(list) || !source[list].is_array()) continue;
    for (const json& one : source[list]) {
      const json value = one.is_object() ? one.value("const", json()) : one;
      std::string title = one.is_object() ? text_in(one, "title") : "";
      if (title.empty()) title = value.is_string() ? value.get<std::string>() : value.dump();
      choices.emplace_back(value, std::move(title));
    }
  }
  return choices;
}

Error wanted(const std::string& what) {
  return {Errc::invalid_input, "please give " + what};
}

Result<json> chosen(const std::vector<std::pair<json, std::string>>& choices, const std::string& text) {
  std::size_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec == std::errc() && read.ptr == text.data() + text.size() && number >= 1 &&
      number <= choices.size())
    return choices[number - 1].first;
  for (const auto& [value, title] : choices)
    if (title == text || value == json(text)) return value;
  return wanted("one of the choices, by its number or name");
}

/// A plugin's words may not steer the terminal.
std::string harmless(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](unsigned char c) { return (c < 0x20 && c != '\n') || c == 0x7f; }, '?');
  return text;
}

std::string trimmed(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

}  // namespace

Result<json> field_value(const json& schema, const std::string& text) {
  const std::string type = text_in(schema, "type");
  const auto choices = choices_of(schema);
  if (type == "array") {
    json list = json::array();
    for (std::size_t at = 0; at <= text.size();) {
      const std::size_t end = std::min(text.find(',', at), text.size());
      auto one = chosen(choices, trimmed(text.substr(at, end - at)));
      if (!one) return one.error();
      list.push_back(std::move(*one));
      at = end + 1;
    }
    return list;
  }
  if (!choices.empty()) return chosen(choices, text);
  if (type == "boolean") {
    for (const char* yes : {"y", "yes", "true"})
      if (lower(text) == yes) return json(true);
    for (const char* no : {"n", "no", "false"})
      if (lower(text) == no) return json(false);
    return wanted("yes or no");
  }
  if (type != "integer" && type != "number") return json(text);
  const json number = json::parse(text, nullptr, false);
  if (type == "integer") return number.is_number_integer() ? Result<json>(number) : wanted("a whole number");
  return number.is_number() ? Result<json>(number) : wanted("a number");
}

void TerminalDesk::say(const std::string& text) const {
  write_all(out_, text);  // who has gone reads nothing
}

ClientDesk::QuestionId TerminalDesk::put(const ClientQuestion& question, Answered answered) {
  const json body = json::parse(question.body, nullptr, false);
  Open added;
  added.id = ++last_;
  added.message = text_in(body, "message");
  const json schema = body.value("schema", json::object());
  const json required = schema.value("required", json::array());
  const json fields = schema.value("properties", json::object());
  for (const auto& [name, field] : fields.items())
    added.fields.push_back(
        {name, field, std::find(required.begin(), required.end(), name) != required.end()});
  added.answered = std::move(answered);
  const QuestionId id = added.id;
  open_.push_back(std::move(added));
  if (open_.size() == 1) show();
  return id;
}

void TerminalDesk::take_back(QuestionId question) {
  const bool shown = !open_.empty() && open_.front().id == question;
  std::erase_if(open_, [&](const Open& one) { return one.id == question; });
  if (!shown) return;
  say("\n(no longer asked)\n");
  show();
}

/// Begins the question in front; without one, what is typed is left to others.
void TerminalDesk::show() {
  if (open_.empty()) {
    watch_.reset();
    return;
  }
  say("\n" + harmless(open_.front().message) + "\n");
  if (open_.front().fields.empty()) {
    say("Go on? [yes/no] ");
  } else {
    next_field();
  }
  if (!watch_) watch_ = loop_.watch(in_, EventLoop::Interest::read, [this](EventLoop::Interest) { read(); });
  if (!watch_) loop_.post([this] { end("cancel"); });  // nothing can be read here
}

void TerminalDesk::next_field() {
  const Open& open = open_.front();
  const Field& field = open.fields[open.at];
  std::string text;
  const std::string title = text_in(field.schema, "title");
  if (const std::string why = text_in(field.schema, "description"); !why.empty()) text += why + "\n";
  const auto choices = choices_of(field.schema);
  for (std::size_t i = 0; i < choices.size(); ++i)
    text += "  " + std::to_string(i + 1) + ". " + choices[i].second + "\n";
  text += title.empty() ? field.name : title;
  const std::string type = text_in(field.schema, "type");
  if (type == "boolean") text += " [yes/no]";
  if (type == "array") text += " (numbers with commas between)";
  if (!field.required) text += " (empty to leave out)";
  say(harmless(std::move(text)) + ": ");
}

void TerminalDesk::read() {
  char bytes[4096];
  const ssize_t got = ::read(in_, bytes, sizeof bytes);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0 || unread_.size() > kLineBytesMax) return end("cancel");  // the end of input: nobody answers
  unread_.append(bytes, static_cast<std::size_t>(got));
  while (!open_.empty()) {
    const std::size_t line_end = unread_.find('\n');
    if (line_end == std::string::npos) return;
    const std::string line = unread_.substr(0, line_end);
    unread_.erase(0, line_end + 1);
    take_line(trimmed(line));
  }
}

void TerminalDesk::take_line(const std::string& line) {
  Open& open = open_.front();
  if (open.fields.empty()) {
    const auto agreed = field_value({{"type", "boolean"}}, line);
    if (!agreed) return say(agreed.error().message + ": ");
    return end(*agreed == json(true) ? "accept" : "decline");
  }
  const Field& field = open.fields[open.at];
  if (line.empty() && field.required) return say("it is needed: ");
  if (!line.empty()) {
    auto value = field_value(field.schema, line);
    if (!value) return say(value.error().message + ": ");
    open.content[field.name] = std::move(*value);
  }
  if (++open.at < open.fields.size()) return next_field();
  end("accept");
}

void TerminalDesk::end(const char* action) {
  if (open_.empty()) return;
  Open done = std::move(open_.front());
  open_.pop_front();
  json answer = {{"action", action}};
  if (answer["action"] == "accept") answer["content"] = std::move(done.content);
  done.answered(answer.dump(-1, ' ', false, json::error_handler_t::replace));
  if (std::string_view(action) == "cancel") {  // the same end of input for whoever waits
    watch_.reset();
    if (!open_.empty()) return end("cancel");
  }
  show();
}

}  // namespace toolpost
