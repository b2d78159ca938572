#pragma once
// A stored thread as a document: JSON for programs, Markdown to keep, text for a terminal. Pure: the thread
// is handed in. Shows what a turn holds and makes nothing up: a fact that no tool stored is left out.

#include <nlohmann/json.hpp>
#include <string>

#include "store/thread_record.hpp"

namespace toolpost {

/// How much of a question or an answer `threads show` prints without --full.
constexpr std::size_t kShownBytesMax = 500;
enum class ShownText { cut, full };

/// Everything the store has, each turn as its tool stored it.
nlohmann::json exported_thread(const StoredThread& thread);
/// One line of `threads list`.
nlohmann::json thread_head_json(const ThreadHead& head);
/// Of each turn: number, tool, at_ms, and as far as they are stored model, provider, input_tokens,
/// output_tokens, cost, latency_ms, step, status, question and answer; `cut` names texts that were shortened.
nlohmann::json shown_thread(const StoredThread& thread, ShownText text);

/// Made of a document of shown_thread(). Nothing in them steers a terminal.
std::string thread_text(const nlohmann::json& shown);
std::string thread_markdown(const nlohmann::json& shown);

/// "2026-11-24 16:00:05 UTC"
std::string utc_text(std::int64_t wall_ms);

}  // namespace toolpost
