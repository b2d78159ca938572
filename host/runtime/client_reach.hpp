#pragma once
// How a call reaches the client that made it: its user, and its own model. A legacy client is asked while the
// call runs; of the stateless revision the call's answer carries the questions, and the client's next call
// the answers.

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "base/result.hpp"

namespace toolpost {

enum class AskWhom : unsigned char { user, model };

struct ClientQuestion {
  AskWhom whom = AskWhom::user;
  std::string key;   // within its call; the same whenever the call gets there
  std::string body;  // JSON, checked: {"message", "schema"} to a user, {"messages", ...} to a model
};

/// Whoever can ask a client while its call runs. Threads: the loop's.
class ClientDesk {
 public:
  using Answered = std::function<void(Result<std::string> answer)>;  // neutral JSON
  using QuestionId = std::uint64_t;

  virtual ~ClientDesk() = default;
  /// `answered` comes once, from a later message of the client; never after take_back().
  virtual QuestionId put(const ClientQuestion& question, Answered answered) = 0;
  virtual void take_back(QuestionId question) = 0;
};

struct ClientReach {
  bool user = false;           // its user can be asked
  bool model = false;          // its model can be asked
  ClientDesk* desk = nullptr;  // outlives the call; null: questions end the call's leg
};

/// What a client brings back, by question key.
using ClientAnswers = std::map<std::string, Result<std::string>>;

}  // namespace toolpost
