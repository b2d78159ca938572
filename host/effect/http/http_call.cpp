#include "effect/http/http_call.hpp"

namespace toolpost {
namespace {

std::string toml_for(const HttpCall& call, const Origin& origin) {
  return "http_origins = [\"" + to_string(origin) + "\"] under [plugins.\"" + call.plugin_id + "\"]";
}

}  // namespace

Result<AllowedOrigin> find_grant(const HttpCall& call, const Origin& origin) {
  const AllowedOrigin* best = nullptr;
  for (const AllowedOrigin& allowed : call.allowed) {
    if (allowed.origin == origin && (best == nullptr || allowed.by_operator)) best = &allowed;
  }
  if (best == nullptr) {
    return Error{Errc::permission, "plugin " + call.plugin_id + " may not reach " + to_string(origin) +
                                       "; to allow it, the operator may set " + toml_for(call, origin)};
  }
  if (origin.scheme != "https" && !best->by_operator) {
    return Error{Errc::permission, "plugin " + call.plugin_id + " may not reach " + to_string(origin) +
                                       " without TLS; to allow it, the operator may set " +
                                       toml_for(call, origin)};
  }
  return *best;
}

Error private_address_refused(const HttpCall& call, const Origin& origin) {
  return Error{Errc::permission, to_string(origin) + " resolves to a private address, which plugin " +
                                     call.plugin_id + " may not reach; to allow it, the operator may set " +
                                     toml_for(call, origin)};
}

Result<void> check_call(const HttpCall& call) {
  const HttpRequest& request = call.request;
  if (auto grant = find_grant(call, request.url.origin); !grant) return grant.error();
  if (request.secret.empty()) return {};
  const std::string name = "secret \"" + request.secret + "\"";
  if (!call.secret) return Error{Errc::permission, name + " is not bound for plugin " + call.plugin_id};
  const BoundSecret& secret = *call.secret;
  if (secret.origin != request.url.origin) {
    return Error{Errc::permission, name + " is bound to " + to_string(secret.origin) +
                                       " and is not sent to " + to_string(request.url.origin)};
  }
  const std::string header = lower_ascii(secret.header);
  if (!parse_header_line(header + ":x") || !is_header_value(secret.prefix + secret.value) ||
      secret.value.empty()) {
    return Error{Errc::invalid_config,
                 name + " is empty or has control characters, or its header name is none"};
  }
  if (!find_header(request.headers, header).empty()) {
    return Error{Errc::invalid_input, "header \"" + header + "\": the bound " + name + " fills it in"};
  }
  return {};
}

}  // namespace toolpost
