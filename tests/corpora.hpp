#pragma once
// Where the public test data is: TOOLPOST_CORPORA, or beside the repository. May be absent; tests then say
// so.

#include <cstdlib>
#include <string>

inline std::string corpora() {
  const char* named = std::getenv("TOOLPOST_CORPORA");
  return named != nullptr ? named : TOOLPOST_SOURCE_DIR "/../shared/corpora";
}
