#pragma once
// The tables of the store's file and their version.

namespace toolpost {

/// Kept in the file's user_version. Any change of kStoreSchema needs a new number and a way from the old one.
constexpr int kStoreSchemaVersion = 1;

/// Makes all tables; run once, inside a transaction.
extern const char* const kStoreSchema;

}  // namespace toolpost
