#pragma once
// The tables of the store's file and their version.

namespace toolpost {

/// Kept in the file's user_version: how many of the steps below have been taken.
constexpr int kStoreSchemaVersion = 4;

/// Step i brings a file from version i to i + 1. A step that was published never changes; a new one is
/// appended.
extern const char* const kStoreSchemaSteps[kStoreSchemaVersion];

}  // namespace toolpost
