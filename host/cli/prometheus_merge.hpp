#pragma once
// Metrics of several hosts as one Prometheus text: each sample gets a label that says whose it is.

#include <map>
#include <string>

namespace toolpost {

/// `texts` by the value of the label host="..."; families keep the order of the first text, their comments
/// stand once.
std::string merge_metrics(const std::map<std::string, std::string>& texts);

}  // namespace toolpost
