#include "sim_client.hpp"

#include <nlohmann/json.hpp>

#include "sim_calls.hpp"

namespace toolpost::sim {
namespace {

using nlohmann::json;

constexpr const char* kToolList =
    R"([{"name":"tool0","inputSchema":{"type":"object"}},{"name":"tool1","inputSchema":{"type":"object"}},)"
    R"({"name":"tool2","inputSchema":{"type":"object"}}])";

// What a call with an id in use is told.
constexpr const char* kRepeated = "belongs to a call that is still running";

std::string meta(bool progress, bool patient, std::uint64_t id, bool durable) {
  std::string text =
      R"("_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientCapabilities":{},"io.modelcontextprotocol/clientInfo":{"name":")" +
      std::string(patient ? "claude-code" : "hasty") + R"(","version":"1"})";
  if (durable) text += R"(,"toolpost/durable":true)";
  if (progress) text += R"(,"progressToken":)" + std::to_string(id);
  return text + "}";
}

}  // namespace

SimClient::SimClient(VirtualLoop& loop, RandomSource& random, FaultPlan& faults, const Settings& settings,
                     OwnerId owner)
    : loop_(loop), random_(random), faults_(faults), settings_(settings), owner_(owner) {}

void SimClient::connect(ToolHost& host, Scheduler& host_loop) {
  if (gone_) return;
  session_.emplace(host_loop, host, owner_, kToolList, out_, [this] { ended_ = true; });
  for (const Open& one : std::exchange(unanswered_, {})) {
    if (random_.below(4) == 0) continue;
    ++tally_.asked_again;
    send_call(++last_id_, one.tool, one.arguments, one.nonce, one.durable);
  }
}

void SimClient::lose_host() {
  session_.reset();
  out_.clear();
  if (gone_) ended_ = true;
  for (auto& [id, one] : open_) {
    if (one.nonce != 0) unanswered_.push_back(std::move(one));
  }
  open_.clear();
}

void SimClient::send(const std::string& line) {
  if (!session_) return;
  std::string padded = line;
  padded.append(64, ' ');
  session_->on_line(std::string_view(padded).substr(0, line.size()));
}

void SimClient::send_call(std::uint64_t id, const std::string& tool, const std::string& arguments,
                          std::uint64_t nonce, bool durable) {
  ++tally_.calls;
  // A repeated id does not replace the call that has it.
  open_.try_emplace(id, Open{nonce, loop_.now(), stalled_, false, durable, tool, arguments});
  const bool patient = !faults_.strikes(Fault::impatient_client);
  send(R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"tools/call","params":{"name":")" +
       tool + R"(","arguments":)" + arguments + "," +
       meta(patient || random_.below(2) == 0, patient, id, durable) + "}}");
}

void SimClient::call_plainly(Plain what, std::size_t tool) {
  const std::uint64_t id = ++last_id_;
  const std::uint64_t nonce = owner_ * 1'000'000 + id;
  send_call(id, "tool" + std::to_string(tool),
            what == Plain::asks ? asking_arguments(random_, nonce) : sleeping_arguments(nonce), nonce);
  if (const auto sent = open_.find(id); sent != open_.end()) sent->second.plain = true;
}

void SimClient::act() {
  if (gone_ || !session_) return;
  misbehave();
  if (gone_) return;
  const std::size_t calls = faults_.strikes(Fault::burst) ? 40 : 1;
  for (std::size_t i = 0; i < calls; ++i) {
    const std::uint64_t id = ++last_id_;
    const std::uint64_t nonce = owner_ * 1'000'000 + id;
    const std::string tool = "tool" + std::to_string(random_.below(3));
    const bool durable = random_.below(4) == 0;
    const Keeping keeping = durable ? Keeping::durable : Keeping::fleeting;
    send_call(id, tool, random_arguments(random_, faults_, nonce, keeping), nonce, durable);
    if (faults_.strikes(Fault::repeats_id)) send_call(id, tool, sleeping_arguments(nonce), nonce);
    if (faults_.strikes(Fault::cancels)) {
      loop_.after(Millis(random_.below(5000)), [this, id] { cancel(id); });
    }
  }
}

void SimClient::misbehave() {
  if (faults_.strikes(Fault::bad_json)) send(R"({"jsonrpc":"2.0","id":7,"method":)");
  if (faults_.strikes(Fault::oversize_line)) session_->on_oversize();
  if (faults_.strikes(Fault::cancels_unknown)) cancel(random_.below(1000) + 1'000'000);
  if (faults_.strikes(Fault::unknown_tool)) send_call(++last_id_, "tool9", "{}", 0);
  if (faults_.strikes(Fault::bad_arguments)) send_call(++last_id_, "tool0", R"({"wrong":1})", 0);
  if (faults_.strikes(Fault::ping_flood)) {
    for (int i = 0; i < 50; ++i) send(R"({"jsonrpc":"2.0","id":"ping","method":"ping"})");
  }
  if (faults_.strikes(Fault::cancel_storm)) {
    std::vector<std::uint64_t> all;
    for (const auto& [id, call] : open_) all.push_back(id);
    for (const std::uint64_t id : all) cancel(id);
  }
  if (faults_.strikes(Fault::vanishes)) vanish();
}

void SimClient::cancel(std::uint64_t id) {
  if (gone_) return;
  read();  // an answer that was written before the cancellation counts
  if (open_.erase(id) != 0) ++tally_.cancelled;
  send(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" + std::to_string(id) +
       "}}");
}

void SimClient::vanish() {
  gone_ = true;
  if (session_)
    session_->shut_down();
  else
    ended_ = true;
}

void SimClient::read() {
  std::size_t begin = 0;
  for (std::size_t end; (end = out_.find('\n', begin)) != std::string::npos; begin = end + 1) {
    const std::string line = out_.substr(begin, end - begin);
    // The two shapes of answers that matter are told apart without parsing everything.
    if (line.find("\"method\"") != std::string::npos) continue;
    const std::size_t at = line.find("\"id\":");
    if (at == std::string::npos) continue;
    const std::uint64_t id = std::strtoull(line.c_str() + at + 5, nullptr, 10);
    if (id != 0) on_answer(id, line);
  }
  out_.erase(0, begin);
}

void SimClient::on_answer(std::uint64_t id, const std::string& line) {
  const auto found = open_.find(id);
  if (found == open_.end()) {
    // A repeated id is refused with that very id.
    if (line.find(kRepeated) == std::string::npos && problem_.empty())
      problem_ = "a second answer to call " + std::to_string(id) + ": " + line.substr(0, 300);
    return;
  }
  const json message = json::parse(line, nullptr, false);
  if (message.is_discarded()) {
    problem_ = "an answer that is no JSON: " + line.substr(0, 300);
    return;
  }
  const Open call = found->second;
  const Duration took = loop_.now() - call.sent - (stalled_ - call.stalled_before);
  const Millis most = call.durable ? settings_.ceilings_long.daemon : settings_.ceilings.daemon;
  if (took > most && problem_.empty())
    problem_ = "call " + std::to_string(id) + " was answered after " + std::to_string(to_ms(took)) + " ms";
  if (message.contains("error")) {
    if (line.find(kRepeated) != std::string::npos) return;
    ++tally_.answered_with_error;
  } else if (message["result"].value("isError", false)) {
    ++tally_.answered_with_error;
    if (call.plain && problem_.empty()) problem_ = "a plain call failed: " + line.substr(0, 400);
  } else {
    ++tally_.answered_well;
    const json& reply = message["result"]["structuredContent"];
    if (reply["nonce"] != call.nonce)
      problem_ = "call " + std::to_string(id) + " got another call's answer: " + line;
    for (const json& answer : reply["answers"]) {
      const std::string wanted = "answer to " + std::to_string(call.nonce) + ".";
      if (answer.is_string() && !answer.get_ref<const std::string&>().starts_with(wanted) &&
          !answer.get_ref<const std::string&>().starts_with("hhh"))
        problem_ = "call " + std::to_string(id) + " got a model's answer to another: " + answer.dump();
    }
  }
  open_.erase(id);
}

}  // namespace toolpost::sim
