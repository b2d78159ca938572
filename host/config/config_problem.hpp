#pragma once
// One thing that is wrong (or worth a warning) in the operator's configuration, and where.
// Never holds a secret: values of secret settings are not quoted.

#include <string>

namespace toolpost {

struct ConfigProblem {
  std::string file;     // as named by the source; "environment" for variables; empty: no single place
  unsigned line = 0;    // counted from 1; 0: unknown
  unsigned column = 0;  // counted from 1, in characters; 0: unknown
  std::string message;
};

/// "file:line:column: message", without the parts that are unknown.
std::string to_string(const ConfigProblem& problem);

}  // namespace toolpost
