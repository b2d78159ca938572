#include "call/turn_codec.hpp"

#include "base/byte_codec.hpp"
#include "json/canonical_json.hpp"

namespace toolpost {
namespace {

constexpr std::uint32_t kCountMax = 4096;  // the largest turns.effects_max

}  // namespace

Result<std::string> effect_digest(std::string_view kind, std::string_view request) {
  auto canonical = canonical_json(request);
  if (!canonical) return canonical.error();
  std::string identity(kind);
  identity += '\n';
  identity += *canonical;
  return digest_hex(identity);
}

void encode(const TurnInput& input, std::string& out) {
  ByteWriter writer(out);
  writer.number(input.seed);
  writer.number(input.accepted_ms);
  writer.number(input.deadline_ms);
  writer.number(input.log_lines_seen);
  writer.bytes(input.method);
  writer.bytes(input.request);
  writer.number(static_cast<std::uint32_t>(input.effects.size()));
  for (const TurnEffect& effect : input.effects) {
    writer.bytes(effect.digest);
    writer.number<std::uint8_t>(effect.done ? 1 : 0);
    writer.number(effect.code);
    writer.number(effect.done_at_ms);
    writer.bytes(effect.result);
  }
}

std::optional<TurnInput> decode_turn_input(std::string_view bytes) {
  ByteReader reader(bytes);
  TurnInput input;
  input.seed = reader.number<std::uint64_t>();
  input.accepted_ms = reader.number<std::int64_t>();
  input.deadline_ms = reader.number<std::int64_t>();
  input.log_lines_seen = reader.number<std::uint32_t>();
  input.method = reader.bytes();
  input.request = reader.bytes();
  const auto count = reader.number<std::uint32_t>();
  if (count > kCountMax) return std::nullopt;
  for (std::uint32_t i = 0; i < count && !reader.failed(); ++i) {
    TurnEffect effect;
    effect.digest = reader.bytes();
    const auto done = reader.number<std::uint8_t>();
    const auto code = reader.number<std::uint8_t>();
    if (done > 1 || code > static_cast<std::uint8_t>(Errc::invalid_config)) return std::nullopt;
    effect.done = done != 0;
    effect.code = static_cast<Errc>(code);
    effect.done_at_ms = reader.number<std::int64_t>();
    effect.result = reader.bytes();
    input.effects.push_back(effect);
  }
  if (!reader.finished()) return std::nullopt;
  return input;
}

void encode(const TurnOutput& output, std::string& out) {
  ByteWriter writer(out);
  writer.number(output.end);
  writer.number(output.code);
  writer.number(output.side_effect);
  writer.number(output.retry_after_ms);
  writer.number(output.waiting_for);
  writer.bytes(output.message);
  writer.number(static_cast<std::uint32_t>(output.parts.size()));
  for (const TurnPart& part : output.parts) {
    writer.bytes(part.media_type);
    writer.bytes(part.bytes);
  }
  writer.number(static_cast<std::uint32_t>(output.started.size()));
  for (const StartedEffect& effect : output.started) {
    writer.bytes(effect.kind);
    writer.bytes(effect.request);
    writer.bytes(effect.digest);
    writer.number(effect.timeout_ms);
  }
  writer.number(output.log_lines_total);
  writer.number(static_cast<std::uint32_t>(output.log_lines.size()));
  for (const TurnLogLine& line : output.log_lines) {
    writer.number(line.level);
    writer.bytes(line.text);
  }
  writer.number(output.progress_done);
  writer.number(output.progress_total);
  writer.bytes(output.progress_message);
}

namespace {

bool decode_lists(ByteReader& reader, TurnOutput& output) {
  const auto parts = reader.number<std::uint32_t>();
  if (parts > kCountMax) return false;
  for (std::uint32_t i = 0; i < parts && !reader.failed(); ++i) {
    const std::string_view media_type = reader.bytes();
    output.parts.push_back({std::string(media_type), std::string(reader.bytes())});
  }
  const auto started = reader.number<std::uint32_t>();
  if (started > kCountMax) return false;
  for (std::uint32_t i = 0; i < started && !reader.failed(); ++i) {
    StartedEffect effect;
    effect.kind = reader.bytes();
    effect.request = reader.bytes();
    effect.digest = reader.bytes();
    effect.timeout_ms = reader.number<std::uint32_t>();
    output.started.push_back(std::move(effect));
  }
  output.log_lines_total = reader.number<std::uint32_t>();
  const auto lines = reader.number<std::uint32_t>();
  if (lines > 100'000) return false;  // the largest workers.log_lines_max
  for (std::uint32_t i = 0; i < lines && !reader.failed(); ++i) {
    const auto level = reader.number<std::int32_t>();
    output.log_lines.push_back({level, std::string(reader.bytes())});
  }
  return true;
}

}  // namespace

std::optional<TurnOutput> decode_turn_output(std::string_view bytes) {
  ByteReader reader(bytes);
  TurnOutput output;
  const auto end = reader.number<std::uint8_t>();
  const auto code = reader.number<std::uint8_t>();
  const auto side_effect = reader.number<std::uint8_t>();
  if (end > static_cast<std::uint8_t>(TurnEnd::skipped) || code > static_cast<std::uint8_t>(Errc::internal) ||
      side_effect > static_cast<std::uint8_t>(SideEffect::done)) {
    return std::nullopt;
  }
  output.end = static_cast<TurnEnd>(end);
  output.code = static_cast<Errc>(code);
  output.side_effect = static_cast<SideEffect>(side_effect);
  output.retry_after_ms = reader.number<std::uint32_t>();
  output.waiting_for = reader.number<std::uint32_t>();
  output.message = reader.bytes();
  if (!decode_lists(reader, output)) return std::nullopt;
  output.progress_done = reader.number<double>();
  output.progress_total = reader.number<double>();
  output.progress_message = reader.bytes();
  if (!reader.finished()) return std::nullopt;
  return output;
}

}  // namespace toolpost
