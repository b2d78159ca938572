// Turns on the wire: what is decoded encodes to the same bytes, and a journal that takes it keeps its limits.
#include "call/journal.hpp"
#include "fuzz.hpp"

using namespace toolpost;

namespace {

void check_journal(TurnOutput output) {
  constexpr JournalLimits kLimits{4, 4, 4096};
  Journal journal({}, kLimits);
  hold(journal.begin_turn().has_value(), "a first turn begins");
  journal.note_log_lines(output.log_lines_total);
  const std::size_t started = output.started.size();
  const std::uint32_t waiting_for = output.waiting_for;
  const auto appended = journal.append(std::move(output.started), waiting_for);
  if (!appended) return;
  hold(started <= kLimits.effects_max && waiting_for < started, "a turn waits for an effect that is there");
  hold(journal.bytes() <= kLimits.bytes_max, "a journal keeps its size");
  hold(journal.settle(waiting_for, Errc::ok, std::string(5000, 'x'), 1), "an effect is settled once");
  hold(journal.entries()[waiting_for].code == Errc::exhausted, "a result past the size is none");
  std::string bytes;
  encode(journal.turn_input(), bytes);
  hold(decode_turn_input(bytes).has_value(), "a journal's turn can be sent");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes = fuzz_text(data, size);
  const unsigned choice = take_choice(bytes);
  std::string again;
  if (choice % 2 == 0) {
    if (const auto input = decode_turn_input(bytes)) {
      encode(*input, again);
      hold(again == bytes, "a decoded input encodes to its bytes");
    }
    return 0;
  }
  auto output = decode_turn_output(bytes);
  if (!output) return 0;
  encode(*output, again);
  hold(again == bytes, "a decoded output encodes to its bytes");
  hold(output->code <= Errc::internal, "a worker makes no code that is the host's");
  check_journal(std::move(*output));
  return 0;
}
