#pragma once
// The questions of a call's plugin to the user of a terminal: shows one after the other, field by field, and
// reads a line for each. For `toolpost call`; MCP clients have forms of their own. Threads: the loop's.

#include <deque>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/event_loop.hpp"
#include "runtime/client_reach.hpp"

namespace toolpost {

class TerminalDesk final : public ClientDesk {
 public:
  /// Reads lines of `in` while a question is open, and writes to `out`; both are borrowed, and `in` must be
  /// one that can be waited for (a terminal or a pipe).
  TerminalDesk(EventLoop& loop, int in, int out) : loop_(loop), in_(in), out_(out) {}

  QuestionId put(const ClientQuestion& question, Answered answered) override;
  void take_back(QuestionId question) override;

 private:
  struct Field {
    std::string name;
    nlohmann::json schema;
    bool required = false;
  };
  struct Open {
    QuestionId id = 0;
    std::string message;
    std::vector<Field> fields;
    std::size_t at = 0;  // the field that is asked for
    nlohmann::json content = nlohmann::json::object();
    Answered answered;
  };

  void show();
  void read();
  void take_line(const std::string& line);
  void next_field();
  void end(const char* action);
  void say(const std::string& text) const;

  EventLoop& loop_;
  const int in_;
  const int out_;
  QuestionId last_ = 0;
  std::deque<Open> open_;  // the first one is shown; bounded by turns.asks_max of the call
  std::string unread_;
  std::unique_ptr<EventLoop::Watch> watch_;
};

/// The value that a person wrote for a field of a form: {"type", "enum", "items"} as MCP has them. Choices
/// may be given by number, from 1, and several with commas between. Errors: invalid_input, saying what is
/// wanted.
Result<nlohmann::json> field_value(const nlohmann::json& schema, const std::string& text);

}  // namespace toolpost
