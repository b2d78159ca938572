#pragma once
// Writes a whole text to a descriptor that blocks. Not for sockets and pipes of the event loop.

#include <string_view>

namespace toolpost {

/// False when not all could be written; errno says why. Threads: any; waits for the disk or whoever reads.
bool write_all(int fd, std::string_view text);

}  // namespace toolpost
