#include "cli/prometheus_merge.hpp"

#include <sstream>
#include <vector>

namespace toolpost {
namespace {

struct Family {
  std::string comments;
  std::string samples;
};

/// `name{a="b"} 1` or `name 1` with one more label.
std::string with_host(const std::string& line, const std::string& host) {
  const std::string label = "host=\"" + host + "\"";
  const std::size_t brace = line.find('{');
  const std::size_t space = line.find(' ');
  if (brace != std::string::npos && brace < space)
    return line.substr(0, brace + 1) + label + "," + line.substr(brace + 1);
  return line.substr(0, space) + "{" + label + "}" + line.substr(space);
}

}  // namespace

std::string merge_metrics(const std::map<std::string, std::string>& texts) {
  std::vector<std::string> order;
  std::map<std::string, Family> families;
  for (const auto& [host, text] : texts) {
    std::istringstream lines(text);
    std::string family;
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("# HELP ")) family = line.substr(7, line.find(' ', 7) - 7);
      const bool known = families.contains(family);
      Family& place = families[family];
      if (!known) order.push_back(family);
      if (!line.starts_with('#')) {
        place.samples += with_host(line, host) + "\n";
      } else if (place.comments.find(line) == std::string::npos) {
        place.comments += line + "\n";
      }
    }
  }
  std::string out;
  for (const std::string& name : order) out += families[name].comments + families[name].samples;
  return out;
}

}  // namespace toolpost
