#pragma once
// What ten thousand calls cost that wait for a model server which never answers.

namespace toolpost::bench {

void print_waiting_calls();

}  // namespace toolpost::bench
