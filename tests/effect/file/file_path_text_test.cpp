#include "effect/file/file_path_text.hpp"

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("file path: empty names and single dots vanish", "[file]") {
  CHECK(*split_file_path("a//./b/") == std::vector<std::string>{"a", "b"});
  CHECK(*split_file_path("/a/b") == std::vector<std::string>{"a", "b"});
  CHECK(split_file_path(".")->empty());
  CHECK(split_file_path("/")->empty());
}

TEST_CASE("file path: 4096 bytes and names of 255 pass, one more does not", "[file]") {
  std::string path;
  while (path.size() < kFilePathBytesMax) path += path.size() % 100 == 99 ? '/' : 'x';
  CHECK(split_file_path(path));
  CHECK_FALSE(split_file_path(path + "x"));
  CHECK(split_file_path("a/" + std::string(255, 'n') + "/b"));
  const auto refused = split_file_path("a/" + std::string(256, 'n') + "/b");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == Errc::invalid_input);
  CHECK(refused.error().message.find("255 bytes") != std::string::npos);
  CHECK(refused.error().message.size() < 400);
}

TEST_CASE("file path: two dots are refused as a name and allowed within one", "[file]") {
  for (const char* path : {"..", "../a", "a/..", "a/../b", "/..", "./.."}) CHECK_FALSE(split_file_path(path));
  for (const char* path : {"...", "a..b", "..a", "a..", "%2e%2e"}) CHECK(split_file_path(path));
}

TEST_CASE("file path: control characters, NUL and what is not UTF-8 are refused", "[file]") {
  for (int code = 0; code < 0x20; ++code)
    CHECK_FALSE(split_file_path(std::string("a") + static_cast<char>(code) + "b"));
  CHECK_FALSE(split_file_path("a\x7f"));
  CHECK_FALSE(split_file_path("a\xc2\x85"));          // NEL
  CHECK_FALSE(split_file_path("a\xc0\xaf"));          // overlong "/"
  CHECK_FALSE(split_file_path("a\xe0\x80\xae"));      // overlong "."
  CHECK_FALSE(split_file_path("a\xed\xa0\x80"));      // surrogate
  CHECK_FALSE(split_file_path("a\xf4\x90\x80\x80"));  // past U+10FFFF
  CHECK_FALSE(split_file_path("a\xe2\x82"));          // cut
  CHECK(split_file_path("caf\xc3\xa9/\xe6\x97\xa5\xf0\x9f\x98\x80"));
}

TEST_CASE("file path: invisible ranges are refused and their neighbours pass", "[file]") {
  const auto utf8 = [](char32_t code) {
    std::string out;
    if (code < 0x800) {
      out = {static_cast<char>(0xc0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    } else if (code < 0x10000) {
      out = {static_cast<char>(0xe0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
             static_cast<char>(0x80 | (code & 63))};
    } else {
      out = {static_cast<char>(0xf0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
             static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    }
    return out;
  };
  for (const char32_t code :
       {0xad,   0x34f,  0x61c,   0x115f,  0x1160,  0x180e,  0x200b,  0x200f,  0x2028,  0x202a,  0x202e,
        0x2060, 0x206f, 0x3164,  0xfdd0,  0xfdef,  0xfe00,  0xfe0f,  0xfeff,  0xffa0,  0xfff9,  0xfffb,
        0xfffe, 0xffff, 0x1d173, 0x1fffe, 0xe0000, 0xe007f, 0xe0100, 0xe01ef, 0xe0fff, 0x10ffff}) {
    INFO(static_cast<unsigned>(code));
    CHECK_FALSE(split_file_path("a" + utf8(code) + "b"));
    CHECK_FALSE(is_plain_file_name(utf8(code)));
  }
  for (const char32_t code :
       {0xac,   0xae,   0x34e,  0x350,  0x61b,  0x61d,   0x115e,  0x1161,  0x180d, 0x180f, 0x200a,
        0x2010, 0x2027, 0x202f, 0x205f, 0x2070, 0x3163,  0x3165,  0xfdcf,  0xfdf0, 0xfdff, 0xfe10,
        0xfefe, 0xff9f, 0xffa1, 0xfff8, 0xfffc, 0x1d172, 0x1d17b, 0xdfffd, 0xe1000}) {
    INFO(static_cast<unsigned>(code));
    CHECK(split_file_path("a" + utf8(code) + "b"));
  }
}

TEST_CASE("file path: a refused path is shown harmless and short", "[file]") {
  CHECK(shown_file_path("a/b") == "\"a/b\"");
  CHECK(shown_file_path(std::string("a\0b\n\xff\xe2\x80\xae", 8)) == "\"a?b???\"");
  CHECK(shown_file_path(std::string(5000, 'x')).size() < 210);
}

TEST_CASE("file path: the valid prefix ends before a broken or cut character", "[file]") {
  CHECK(utf8_prefix_bytes("abc") == 3);
  CHECK(utf8_prefix_bytes("ab\xe2\x82") == 2);
  CHECK(utf8_prefix_bytes("ab\xe2\x82\xac") == 5);
  CHECK(utf8_prefix_bytes("\xffz") == 0);
}
