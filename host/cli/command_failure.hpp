#pragma once
// How a command says that it failed: a sentence on standard error, or with --json one document on standard
// output.

#include <iostream>
#include <nlohmann/json.hpp>

#include "cli/host_setup.hpp"

namespace toolpost {

/// Returns `status`, for the command to end with.
inline int fail(const HostOptions& options, const Error& error, int status = 1) {
  if (options.output == Output::json) {
    const nlohmann::json document = {{"error", {{"code", name(error.code)}, {"message", error.message}}}};
    std::cout << document.dump(1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  } else {
    std::cerr << "toolpost: " << error.message << "\n";
  }
  return status;
}

}  // namespace toolpost
