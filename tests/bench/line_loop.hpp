#pragma once
// Two bare servers to compare with: read JSON lines from stdin, answer each with its id and what was asked.
// They check nothing, isolate nothing and know no MCP but the shape of an answer.

namespace toolpost::bench {

/// Parses into a tree, builds the answer as a tree, writes each line by itself: what a simple server does.
int run_nlohmann_loop();

/// Looks up two members, copies raw slices, writes once per read: about the least that JSON lines can cost.
int run_simdjson_loop();

}  // namespace toolpost::bench
