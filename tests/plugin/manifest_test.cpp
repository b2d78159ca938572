#include "plugin/manifest.hpp"

#include "catch.hpp"

using namespace toolpost;

namespace {

const std::string kHead = "schema = 1\nid = \"a.b\"\nversion = \"1\"\nabi = 1\nkind = \"tool\"\n";

std::string method(const std::string& name) {
  return "[[method]]\nname = \"" + name + "\"\ndescription = \"d\"\ninput = '{}'\n";
}
std::string refusal(const std::string& toml) {
  const auto manifest = parse_manifest(toml);
  return manifest ? "" : manifest.error().message;
}
bool mentions(const std::string& text, std::string_view part) {
  UNSCOPED_INFO(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("manifest: a plain one is read", "[plugin]") {
  const auto manifest = parse_manifest(kHead + method("run"));
  REQUIRE(manifest);
  CHECK(manifest->id == "a.b");
  CHECK(manifest->methods.at(0).name == "run");
}

TEST_CASE("manifest: the origins that it proposes are origins, and at most 16", "[plugin]") {
  const auto with = [](const std::string& origins) {
    return kHead + "[capabilities]\nrequired = [\"http\"]\nhttp_origins = " + origins + "\n" + method("a");
  };
  const auto listed = [](std::size_t count) {
    std::string list = "[";
    for (std::size_t i = 0; i < count; ++i) list += "\"https://a" + std::to_string(i) + ".example:8443\",";
    return list + "]";
  };
  CHECK(parse_manifest(with(listed(16)))->http_origins.back() == "https://a15.example:8443");
  for (const std::string& wrong :
       {listed(17), std::string("\"https://a.example\""), std::string("[7]"),
        std::string("[\"ftp://a.example\"]"), std::string("[\"https://\"]"),
        std::string("[\"https://a.example/path\"]"), std::string("['https://a\"]']")})
    CHECK(mentions(refusal(with(wrong)), "capabilities.http_origins must be a list of at most 16 origins"));
}

TEST_CASE("manifest: a key of many parts is refused, not recursed into", "[plugin]") {
  std::string deep = "a";
  while (deep.size() < kManifestBytesMax - 100) deep += ".a";
  for (const std::string& toml :
       {deep + " = 1", "[" + deep + "]", "[[" + deep + "]]", "x = {" + deep + " = 1}"})
    CHECK(mentions(refusal(toml), "manifest line 1: a key of more than 16 parts"));
}

TEST_CASE("manifest: a method has a name of its own, and there are at most 64", "[plugin]") {
  CHECK(mentions(refusal(kHead + method("")), "method 1: name must be 1 to 64"));
  CHECK(mentions(refusal(kHead + method("a") + method("a")), "method 2 has a name that is used twice"));
  std::string many = kHead;
  for (int i = 0; i < 64; ++i) many += method("m" + std::to_string(i));
  CHECK(refusal(many).empty());
  CHECK(mentions(refusal(many + method("one_more")), "method is given more than 64 times"));
}

TEST_CASE("manifest: a section of another type is refused, not ignored", "[plugin]") {
  CHECK(mentions(refusal(kHead + "capabilities = \"http\"\n" + method("a")), "capabilities must be a table"));
  CHECK(mentions(refusal(kHead + "method = \"a\"\n"), "method must be a list of tables"));
  CHECK(mentions(refusal(kHead + "method = [1]\n"), "method must be a list of tables"));
}

TEST_CASE("manifest: a provider says which header carries its key; else it is a bearer token", "[plugin]") {
  const auto usual = parse_manifest(kHead + method("a"));
  REQUIRE(usual);
  CHECK(usual->key_header == "Authorization");
  CHECK(usual->key_prefix == "Bearer ");
  const auto own = parse_manifest(kHead + "[key]\nheader = \"x-api-key\"\n" + method("a"));
  REQUIRE(own);
  CHECK(own->key_header == "x-api-key");
  CHECK(own->key_prefix.empty());
  CHECK(mentions(refusal(kHead + "[key]\nprefix = \"x\"\n" + method("a")), "key.header is missing"));
  CHECK(mentions(refusal(kHead + "[key]\nheader = \"a b\"\n" + method("a")),
                 "must be the name of an HTTP header"));
  CHECK(mentions(refusal(kHead + "[key]\nheader = \"x\"\nname = \"y\"\n" + method("a")),
                 "key.name is no field"));
}

TEST_CASE("manifest: a refusal is one short line that steers no terminal", "[plugin]") {
  std::string toml = kHead + "\"\\u001b[31mred\\u202e\" = 1\n\"" + std::string(5000, 'x') + "\" = 1\n";
  for (int i = 0; i < 5000; ++i) toml += "k" + std::to_string(i) + " = 1\n";
  toml += "[capabilities]\nrequired = [\"\\u001b]0;" + std::string(5000, 'y') + "\"]\n" + method("a");
  const std::string message = refusal(toml);
  CHECK(message.size() < 8192);
  for (const char byte : message) CHECK((byte >= 0x20 && byte < 0x7f));
}
