#include "cli/migrated_tools.hpp"

namespace toolpost {
namespace {

// Of every workflow tool: the same files by another name.
constexpr std::string_view kFiles = "files absolute_file_paths";
constexpr std::string_view kModelFields =
    "temperature thinking_mode use_websearch continuation_id images files model";

constexpr MigratedTool kRows[] = {
    {"analyze", "analyze", "files absolute_file_paths hypothesis", "", ""},
    {"codereview", "codereview", "files absolute_file_paths review_validation_type", "", ""},
    {"consensus", "consensus", "files absolute_file_paths temperature thinking_mode use_websearch",
     "current_model_index model_responses",
     "which model is next, and what the others said, is kept in the thread of continuation_id"},
    {"debug", "debug", kFiles, "", ""},
    {"docgen", "docgen", "files absolute_file_paths files_checked hypothesis confidence backtrack_from_step",
     "model temperature thinking_mode", "no model is asked"},
    {"planner", "planner", "findings files absolute_file_paths relevant_files backtrack_from_step",
     "model temperature thinking_mode", "no model is asked"},
    {"precommit", "precommit", "files absolute_file_paths precommit_type", "", ""},
    {"refactor", "refactor", kFiles, "", ""},
    {"secaudit", "secaudit", kFiles, "", ""},
    {"testgen", "testgen", kFiles, "", ""},
    {"thinkdeep", "thinkdeep", kFiles, "", ""},
    {"tracer", "tracer", "files absolute_file_paths issues_found hypothesis backtrack_from_step",
     "model temperature thinking_mode", "no model is asked"},
    {"chat", "chat", "absolute_file_paths", "stream working_directory_absolute_path",
     "answers are streamed to the host, and no code of an answer is written into a file"},
    {"challenge", "challenge", "", "", ""},
    {"apilookup", "apilookup", "", "", ""},
    {"listmodels", "listmodels", "", "model", "no model is asked"},
    {"version", "version", "", "model", "no model is asked, and no server for news"},
    {"status", "status", "", "", ""},
    {"health", "health", "", "", ""},
    {"activity", "activity", "", kModelFields, "no model is asked"},
    {"self-check", "self-check", "", "", ""},
    {"provider_capabilities", "provider_capabilities", "", "invalidate_cache", "nothing of it is cached"},
    {"toolcall_log_tail", "toolcall_log_tail", "", "path", "no file is read: the host keeps the last calls"},
    {"kimi_upload_and_extract", "kimi_upload_and_extract", "", "", ""},
    {"kimi_multi_file_chat", "kimi_multi_file_chat", "", "", ""},
    {"kimi_intent_analysis", "kimi_intent_analysis", "", "", ""},
    {"kimi_capture_headers", "kimi_capture_headers", "", "call_key",
     "the host makes sure itself that no answer is paid for twice"},
    {"kimi_chat_with_tools", "kimi_chat_with_tools", "", "stream", "answers are streamed to the host"},
    {"glm_upload_file", "glm_upload_file", "", "", ""},
    {"glm_web_search", "glm_web_search", "", "", ""},
    {"glm_payload_preview", "glm_payload_preview", "", "", ""},
    // Of the last release, and of PAL.
    {"test_echo", "", "", "", "`echo` gives back its `text`, at once"},
    {"smart_file_query", "", "", "", "ask `chat` with `files`, or `kimi_multi_file_chat`"},
    {"smart_file_download", "", "", "", "no file is downloaded: what a vendor's server keeps stays there"},
    {"kimi_manage_files", "", "", "",
     "`kimi_multi_file_chat` deletes what it sent; other files are the account's, in the vendor's console"},
    {"clink", "", "", "", "no tool starts another agent's program"},
};

}  // namespace

std::span<const MigratedTool> migrated_tools() {
  return kRows;
}

}  // namespace toolpost
