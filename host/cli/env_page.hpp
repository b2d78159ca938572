#pragma once
// docs/migrating.md: the manual page of the import, made from the table of variables.

#include <string>

namespace toolpost {

std::string env_page();

}  // namespace toolpost
