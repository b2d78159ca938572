#include "base/byte_codec.hpp"

#include "catch.hpp"

using namespace toolpost;

TEST_CASE("byte codec: what was written comes back", "[base]") {
  std::string record;
  ByteWriter writer(record);
  writer.number<std::uint16_t>(7);
  writer.bytes("hello");
  ByteReader reader(record);
  CHECK(reader.number<std::uint16_t>() == 7);
  CHECK(reader.bytes() == "hello");
  CHECK(reader.finished());
}

TEST_CASE("byte codec: a lying length fails once and for good", "[base]") {
  std::string record;
  ByteWriter writer(record);
  writer.number<std::uint32_t>(1000);
  record += "short";
  ByteReader reader(record);
  CHECK(reader.bytes().empty());
  CHECK(reader.failed());
  CHECK(reader.number<std::uint64_t>() == 0);
  CHECK_FALSE(reader.finished());
}
