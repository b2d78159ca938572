// A provider that only moves bytes: each method is one request.
#include <toolpost/plugin.hpp>

struct Transfer : toolpost::Plugin {
  explicit Transfer(const toolpost::json& config) : base_url_(config["base_url"]) {}
  toolpost::json invoke(toolpost::Call& call, std::string_view method, const toolpost::json&) override {
    return call.http({{"method", "GET"}, {"url", base_url_ + "/" + std::string(method)}});
  }

 private:
  const std::string base_url_;
};

TOOLPOST_PLUGIN(Transfer)
