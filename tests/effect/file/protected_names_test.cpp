#include "effect/file/protected_names.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {
bool denied(const std::vector<std::string>& deny, std::string_view name) {
  return ProtectedNames::make(deny).value().match(name) != nullptr;
}
}  // namespace

TEST_CASE("protected names: keys and credentials are refused in any case", "[file]") {
  for (const char* name : {".git",
                           ".GIT",
                           ".ssh",
                           ".gnupg",
                           ".aws",
                           ".env",
                           ".Env",
                           ".env.local",
                           ".env.example.bak",
                           "a.pem",
                           "A.PEM",
                           ".pem",
                           "server.key",
                           "id_rsa",
                           "id_rsa.pub",
                           "ID_RSA_old",
                           "id_ed25519",
                           "x.p12",
                           "x.pfx",
                           ".netrc",
                           ".npmrc",
                           ".pypirc",
                           "credentials",
                           "Credentials.json",
                           ".\xc5\xbf\xc5\xbfh",
                           "x.\xe2\x84\xaa"
                           "ey"}) {
    INFO(name);
    CHECK(denied({}, name));
  }
}

TEST_CASE("protected names: their neighbours may be read", "[file]") {
  for (const char* name :
       {".env.example", ".ENV.EXAMPLE", ".gitignore", ".github", "git", "env", ".envx", "pem", "a.pem.txt",
        "keys", "monkey", "my_id_rsa", "credentials.txt", "ssh", "a.env"}) {
    INFO(name);
    CHECK_FALSE(denied({}, name));
  }
}

TEST_CASE("protected names: the operator's own add to them, with stars", "[file]") {
  const std::vector<std::string> deny = {"Secrets.yaml", "*.tfstate", "a*b*c"};
  for (const char* name :
       {"secrets.yaml", "SECRETS.YAML", "x.tfstate", ".tfstate", "abc", "aXbXc", "aabbcc", ".git"})
    CHECK(denied(deny, name));
  for (const char* name : {"secrets.yml", "x.tfstate1", "ab", "acb", "abcd"}) CHECK_FALSE(denied(deny, name));
  CHECK(denied({".env.example"}, ".env.example"));
}

TEST_CASE("protected names: an entry that is no single name is a mistake worth stopping for", "[file]") {
  for (const char* entry : {"", "a/b", "..", "a\nb"}) {
    const auto names = ProtectedNames::make({"fine", entry});
    REQUIRE_FALSE(names);
    CHECK(names.error().code == Errc::invalid_config);
    CHECK(names.error().message.find("files.deny") != std::string::npos);
  }
}

TEST_CASE("protected names: many stars cost no more than pattern times name", "[file]") {
  CHECK_FALSE(denied({std::string("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b")}, std::string(255, 'a')));
}
