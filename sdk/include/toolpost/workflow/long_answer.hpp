#pragma once
// Answers that are longer than clients take: the beginning goes out, with the call that brings the next part.
// The thread holds all of it.

#include <toolpost/workflow/fields.hpp>

namespace toolpost::workflow {

/// Clients cut or refuse tool results past some 25,000 tokens; so many characters stay below that, with what
/// is around them.
constexpr std::size_t kAnswerCharactersMax = 60'000;

struct AnswerPart {
  std::string text;
  std::size_t next = 0;  // characters of the answer up to the next part; 0: this is its end
  std::size_t left = 0;  // characters behind this part
};

/// The part of `answer` that begins behind `from` characters, `most` of them at most. Past the end it is
/// empty.
inline AnswerPart answer_part(const std::string& answer, std::size_t from, std::size_t most) {
  AnswerPart part;
  std::size_t characters = 0;
  std::size_t begin = answer.size(), end = answer.size();
  for (std::size_t i = 0; i < answer.size(); ++i) {
    if ((static_cast<unsigned char>(answer[i]) & 0xC0) == 0x80) continue;
    if (characters == from) begin = i;
    if (characters == from + most) end = i;
    ++characters;
  }
  part.text = answer.substr(begin, std::max(begin, end) - begin);
  if (end == answer.size()) return part;
  part.next = from + most;
  part.left = characters - part.next;
  return part;
}

/// What an answer says of the part that it leaves out: the call that brings it. `chat` reads any tool's
/// thread.
inline json rest_of_answer(const AnswerPart& part, const std::string& thread_id) {
  return {{"characters_left", part.left},
          {"note",
           "The answer is longer than what is handed out at once. This call brings the next part; no model "
           "is asked."},
          {"next_call",
           {{"tool", "chat"},
            {"arguments", {{"prompt", ""}, {"continuation_id", thread_id}, {"rest_from", part.next}}}}}};
}

/// The last answer in a thread's turns; empty when there is none.
inline std::string last_answer(const json& turns) {
  if (!turns.is_array()) return {};
  for (auto turn = turns.rbegin(); turn != turns.rend(); ++turn)
    if (turn->is_object() && turn->contains("answer") && (*turn)["answer"].is_string())
      return (*turn)["answer"];
  return {};
}

}  // namespace toolpost::workflow
