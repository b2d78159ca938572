// Turns that let C++ out: across the C ABI, or to std::terminate.
#include <exception>
#include <stdexcept>

#include "fault.h"

namespace {

toolpost_status throws(const fault_turn*) {
  throw std::runtime_error("across the ABI");
}

toolpost_status terminates(const fault_turn*) {
  std::terminate();
}

}  // namespace

extern "C" const fault throwing_faults[] = {{"throw", throws}, {"terminate", terminates}, {nullptr, nullptr}};
