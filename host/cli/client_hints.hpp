#pragma once
// The MCP clients that people use: whether one is installed, whether it knows this server, and what connects
// it. Looks at their files only; changes none.

#include <map>
#include <string>
#include <vector>

namespace toolpost {

struct ClientHint {
  enum class State { absent, unconnected, connected };
  std::string name;
  State state = State::absent;
  std::string connect;  // a command to run, or a file and what to put into it
};

/// `program` is our own binary, `environment` has HOME and PATH, `work_folder` may hold a project's files.
/// Files above 16 MiB count as not there.
std::vector<ClientHint> client_hints(const std::string& program,
                                     const std::map<std::string, std::string>& environment,
                                     const std::string& work_folder);

}  // namespace toolpost
