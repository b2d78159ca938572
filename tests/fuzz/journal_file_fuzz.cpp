// Recorded calls: a file that is read is written as one that reads the same; any other is refused by line.
#include "call/journal_file.hpp"
#include "fuzz.hpp"
#include "json/utf8.hpp"

using namespace toolpost;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto call = parse_journal(fuzz_text(data, size));
  if (!call) {
    hold(call.error().code == Errc::invalid_input, "a bad file is the caller's fault");
    hold(is_one_plain_line(call.error().message), "a refusal is one plain line");
    hold(is_valid_utf8(call.error().message), "a refusal is UTF-8");
    hold(call.error().message.size() <= 1024, "a refusal is bounded");
    return 0;
  }
  const std::string text = journal_text(*call);
  const auto again = parse_journal(text);
  hold(again.has_value(), "what is written can be read");
  hold(journal_text(*again) == text, "what is written reads as the same call");
  hold(again->entries.size() == call->entries.size() && again->code == call->code, "nothing is lost");
  return 0;
}
