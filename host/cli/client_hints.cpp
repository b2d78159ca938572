#include "cli/client_hints.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>

namespace toolpost {
namespace {

constexpr std::uintmax_t kFileBytesMax = 16 << 20;

/// A client's trace on this machine.
struct Client {
  const char* name;
  const char* program;                  // looked for in PATH; empty: none
  std::vector<std::string> home_files;  // below HOME: one of them shows that the client is there
  std::vector<std::string> work_files;  // the same, below the working folder
  const char* mark;                     // what such a file holds when the client knows us
  std::string connect;
};

std::string small_file(const std::string& path) {
  struct stat status{};
  if (::stat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      static_cast<std::uintmax_t>(status.st_size) > kFileBytesMax)
    return "";
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

bool exists(const std::string& path) {
  struct stat status{};
  return ::stat(path.c_str(), &status) == 0;
}

bool in_path(const std::string& program, const std::string& path) {
  std::istringstream folders(path);
  for (std::string folder; std::getline(folders, folder, ':');)
    if (!folder.empty() && ::access((folder + "/" + program).c_str(), X_OK) == 0) return true;
  return false;
}

std::vector<Client> clients(const std::string& program) {
  const std::string server = "{\"command\": \"" + program + "\", \"args\": [\"serve\"]}";
  return {
      {"Claude Code",
       "claude",
       {".claude.json"},
       {".mcp.json"},
       "\"toolpost\"",
       "claude mcp add toolpost -- " + program + " serve"},
      {"Codex",
       "codex",
       {".codex/config.toml"},
       {},
       "[mcp_servers.toolpost]",
       "codex mcp add toolpost -- " + program + " serve"},
      {"Cursor",
       "cursor",
       {".cursor/mcp.json", ".cursor"},
       {".cursor/mcp.json"},
       "\"toolpost\"",
       "~/.cursor/mcp.json: {\"mcpServers\": {\"toolpost\": " + server + "}}"},
      {"VS Code",
       "code",
       {".config/Code"},
       {".vscode/mcp.json"},
       "\"toolpost\"",
       ".vscode/mcp.json: {\"servers\": {\"toolpost\": {\"type\": \"stdio\", " + server.substr(1) + "}}"},
  };
}

}  // namespace

std::vector<ClientHint> client_hints(const std::string& program,
                                     const std::map<std::string, std::string>& environment,
                                     const std::string& work_folder) {
  const auto variable = [&](const char* name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::string() : found->second;
  };
  std::vector<ClientHint> hints;
  for (const Client& client : clients(program)) {
    bool there = in_path(client.program, variable("PATH"));
    bool connected = false;
    std::vector<std::string> files;
    files.reserve(client.home_files.size() + client.work_files.size());
    for (const std::string& file : client.home_files) files.push_back(variable("HOME") + "/" + file);
    for (const std::string& file : client.work_files) files.push_back(work_folder + "/" + file);
    for (const std::string& file : files) {
      there = there || exists(file);
      connected = connected || small_file(file).find(client.mark) != std::string::npos;
    }
    const auto state = connected ? ClientHint::State::connected
                       : there   ? ClientHint::State::unconnected
                                 : ClientHint::State::absent;
    hints.push_back({client.name, state, client.connect});
  }
  return hints;
}

}  // namespace toolpost
