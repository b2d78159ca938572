#pragma once
// One visitor out of several lambdas, for std::visit.

namespace toolpost {

template <typename... Cases>
struct Overload : Cases... {
  using Cases::operator()...;
};
template <typename... Cases>
Overload(Cases...) -> Overload<Cases...>;

}  // namespace toolpost
