// kimi_tools: the predecessor's tools for Moonshot's Kimi, by its names. They ask the provider with plugin
// "kimi" through the host, and reach nothing themselves.
#include "kimi_files.hpp"
#include "kimi_intent.hpp"
#include "kimi_talk.hpp"

namespace {

using toolpost::json;

class KimiTools : public toolpost::Plugin {
 public:
  explicit KimiTools(const json& config)
      : files_max_(config.value("files_max", kimi_tools::kFilesUsual)),
        intent_model_(config.value("intent_model", "auto")) {}

  json invoke(toolpost::Call& call, std::string_view method, const json& request) override {
    if (method == "kimi_upload_and_extract") return kimi_tools::upload_and_extract(call, request, files_max_);
    if (method == "kimi_multi_file_chat") return kimi_tools::multi_file_chat(call, request, files_max_);
    if (method == "kimi_intent_analysis") return kimi_tools::intent_analysis(call, request, intent_model_);
    if (method == "kimi_capture_headers") return kimi_tools::capture_headers(call, request);
    return kimi_tools::chat_with_tools(call, request);
  }

 private:
  const std::size_t files_max_;
  const std::string intent_model_;
};

}  // namespace

TOOLPOST_PLUGIN(KimiTools)
