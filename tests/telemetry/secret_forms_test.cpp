#include "telemetry/secret_forms.hpp"

#include <algorithm>

#include "catch.hpp"

using namespace toolpost;

namespace {
bool has(const std::vector<std::string>& forms, const std::string& form) {
  return std::find(forms.begin(), forms.end(), form) != forms.end();
}
}  // namespace

TEST_CASE("secret forms: the value, JSON, URL and base64", "[telemetry]") {
  const auto forms = secret_forms("p\"a/ss\\word+1");
  CHECK(forms.front() == "p\"a/ss\\word+1");
  CHECK(has(forms, "p\\\"a/ss\\\\word+1"));
  CHECK(has(forms, "p\\\"a\\/ss\\\\word+1"));
  CHECK(has(forms, "p%22a%2Fss%5Cword%2B1"));
  CHECK(has(forms, "p%22a%2fss%5cword%2b1"));
}

TEST_CASE("secret forms: base64 is found at every alignment", "[telemetry]") {
  const auto forms = secret_forms("secretvalue");
  const auto inside = [&](const std::string& encoded) {
    return std::any_of(forms.begin(), forms.end(),
                       [&](const std::string& form) { return encoded.find(form) != std::string::npos; });
  };
  CHECK(inside("c2VjcmV0dmFsdWU="));                  // secretvalue
  CHECK(inside("YTpzZWNyZXR2YWx1ZQ=="));              // a:secretvalue
  CHECK(inside("dXNlcjpzZWNyZXR2YWx1ZTphZnRlcg=="));  // user:secretvalue:after
  CHECK(inside("OnNlY3JldHZhbHVlOg=="));              // :secretvalue:
  CHECK_FALSE(inside("c2VjcmV0dmJsdWU="));            // secretvblue
}

TEST_CASE("secret forms: a plain short value has no base64 that innocent text would hold", "[telemetry]") {
  CHECK(secret_forms("abcdef") == std::vector<std::string>{"abcdef", "YWJjZGVm"});
  CHECK(secret_forms("abcde").size() == 1);
}
