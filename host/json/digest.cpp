#include "base/text.hpp"
#include "json/canonical_json.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace toolpost {

std::string digest_hex(std::string_view bytes) {
  XXH128_canonical_t digest;
  XXH128_canonicalFromHash(&digest, XXH3_128bits(bytes.data(), bytes.size()));
  return to_hex({reinterpret_cast<const char*>(digest.digest), sizeof digest.digest});
}

}  // namespace toolpost
