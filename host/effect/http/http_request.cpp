#include "effect/http/http_request.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.hpp"
#include "effect/http/base64.hpp"

namespace toolpost {
namespace {

using nlohmann::json;

constexpr std::size_t depth_max = 256;  // dump() of nlohmann recurses, so deep texts are kept from it
constexpr std::size_t secret_bytes_min = 4;
constexpr std::size_t pointers_max = 16;
constexpr std::size_t pointer_bytes_max = 256;
constexpr std::size_t idempotency_key_bytes_max = 255;
constexpr std::size_t secret_name_bytes_max = 128;

Error refused(const std::string& why) {
  return Error{Errc::invalid_input, "http request: " + why};
}

/// Counts brackets outside of strings; exact for valid JSON and harmless for the rest.
bool is_deep(std::string_view text) {
  std::size_t depth = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') ++i;
      if (c == '"') in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '[' || c == '{') {
      if (++depth > depth_max) return true;
    } else if ((c == ']' || c == '}') && depth > 0) {
      --depth;
    }
  }
  return false;
}

std::string compact(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

/// Reads an optional string member.
Result<std::string> text_member(const json& object, const char* name, std::size_t bytes_max) {
  const auto found = object.find(name);
  if (found == object.end()) return std::string();
  if (!found->is_string()) return refused(std::string("\"") + name + "\" must be a string");
  const auto& text = found->get_ref<const std::string&>();
  if (text.size() > bytes_max) {
    return refused(std::string("\"") + name + "\" is longer than " + std::to_string(bytes_max) + " bytes");
  }
  return text;
}

Result<void> check_members(const json& object) {
  static const std::vector<std::string> known = {
      "method", "url",         "headers",          "json",           "text", "secret",
      "stream", "body_base64", "content_pointers", "idempotency_key"};
  for (const auto& member : object.items()) {
    if (std::find(known.begin(), known.end(), member.key()) != known.end()) continue;
    const auto close = did_you_mean(member.key(), known);
    return refused("unknown member \"" + plain_excerpt(member.key()) + "\"" +
                   (close ? "; did you mean \"" + *close + "\"?" : ""));
  }
  return {};
}

Result<void> read_headers(const json& object, HttpRequest& request) {
  const auto found = object.find("headers");
  if (found == object.end()) return {};
  if (!found->is_object()) return refused("\"headers\" must be an object of strings");
  if (found->size() > request_headers_max) return refused("more than 64 headers");
  for (const auto& field : found->items()) {
    std::string name = lower_ascii(field.key());
    if (!field.value().is_string()) return refused("header \"" + plain_excerpt(name) + "\" must be a string");
    const auto& value = field.value().get_ref<const std::string&>();
    if (auto checked = check_request_header(name, value); !checked)
      return checked.error().with("http request");
    if (name == "authorization" && !request.secret.empty()) {
      return refused("header \"authorization\": the bound secret \"" + request.secret + "\" fills it in");
    }
    for (const auto& earlier : request.headers) {
      if (earlier.first == name) return refused("header \"" + name + "\" is given twice");
    }
    request.headers.emplace_back(std::move(name), value);
  }
  return {};
}

Result<void> read_body(const json& object, HttpRequest& request) {
  const auto as_json = object.find("json");
  const auto as_text = object.find("text");
  const auto as_bytes = object.find("body_base64");
  const int bodies = (as_json != object.end()) + (as_text != object.end()) + (as_bytes != object.end());
  if (bodies > 1) return refused("only one of \"json\", \"text\" and \"body_base64\" may be given");
  const bool expects = request.method == "POST" || request.method == "PUT";
  if (bodies > 0 && request.method == "GET") return refused("a GET has no body");
  if (bodies == 0) {
    if (expects) request.body.emplace();
    return {};
  }
  std::string_view type;
  if (as_json != object.end()) {
    request.body = compact(*as_json);
    type = "application/json";
  } else if (as_text != object.end()) {
    if (!as_text->is_string()) return refused("\"text\" must be a string");
    request.body = as_text->get_ref<const std::string&>();
    type = "text/plain; charset=utf-8";
  } else {
    if (!as_bytes->is_string()) return refused("\"body_base64\" must be a string");
    request.body = from_base64(as_bytes->get_ref<const std::string&>());
    if (!request.body) return refused("\"body_base64\" is not padded standard base64");
    type = "application/octet-stream";
  }
  if (request.body->size() > request_body_bytes_max) {
    return refused("the body is larger than " + std::to_string(request_body_bytes_max) + " bytes");
  }
  if (find_header(request.headers, "content-type").empty())
    request.headers.emplace_back("content-type", type);
  return {};
}

bool is_pointer(const std::string& text) {
  if (text.empty() || text[0] != '/' || text.size() > pointer_bytes_max) return false;
  for (std::size_t i = text.find('~'); i != std::string::npos; i = text.find('~', i + 1)) {
    if (i + 1 == text.size() || (text[i + 1] != '0' && text[i + 1] != '1')) return false;
  }
  return true;
}

Result<void> read_stream(const json& object, HttpRequest& request) {
  auto stream = text_member(object, "stream", 16);
  if (!stream) return stream.error();
  if (object.contains("stream")) {
    if (*stream == "sse")
      request.stream = StreamFormat::sse;
    else if (*stream == "ndjson")
      request.stream = StreamFormat::ndjson;
    else
      return refused("\"stream\" must be \"sse\" or \"ndjson\"");
  }
  const auto found = object.find("content_pointers");
  if (found == object.end()) return {};
  if (request.stream == StreamFormat::none) return refused("\"content_pointers\" needs \"stream\"");
  if (!found->is_array() || found->size() > pointers_max) {
    return refused("\"content_pointers\" must be a list of at most 16 JSON pointers");
  }
  for (const json& pointer : *found) {
    if (!pointer.is_string() || !is_pointer(pointer.get_ref<const std::string&>())) {
      return refused("\"content_pointers\": each is a JSON pointer like \"/choices/0/delta/content\"");
    }
    request.content_pointers.push_back(pointer.get_ref<const std::string&>());
  }
  return {};
}

Result<HttpRequest> read_request(const json& object) {
  HttpRequest request;
  if (auto checked = check_members(object); !checked) return checked.error();
  auto method = text_member(object, "method", 16);
  if (!method) return method.error();
  if (!object.contains("method") ||
      (*method != "GET" && *method != "POST" && *method != "PUT" && *method != "DELETE")) {
    return refused("\"method\" must be GET, POST, PUT or DELETE");
  }
  request.method = std::move(*method);
  auto url = text_member(object, "url", url_bytes_max);
  if (!url) return url.error();
  if (url->empty()) return refused("\"url\" is missing");
  auto parsed = parse_url(*url);
  if (!parsed) return parsed.error().with("http request");
  request.url = std::move(*parsed);
  auto secret = text_member(object, "secret", secret_name_bytes_max);
  if (!secret) return secret.error();
  request.secret = std::move(*secret);
  auto key = text_member(object, "idempotency_key", idempotency_key_bytes_max);
  if (!key) return key.error();
  if (!std::all_of(key->begin(), key->end(), [](char c) { return c > 0x20 && c < 0x7f; })) {
    return refused("\"idempotency_key\" must be printable ASCII without spaces");
  }
  request.idempotency_key = std::move(*key);
  if (auto read = read_headers(object, request); !read) return read.error();
  if (auto read = read_body(object, request); !read) return read.error();
  if (auto read = read_stream(object, request); !read) return read.error();
  if (!request.idempotency_key.empty() && !find_header(request.headers, "idempotency-key").empty()) {
    return refused("\"idempotency_key\" and a header of that name are both given");
  }
  return request;
}

/// Masks strings and keys of a decoded text, where an upstream may have escaped the secret's characters.
void mask_json(json& value, std::string_view secret) {
  if (value.is_string()) {
    mask_secret(value.get_ref<std::string&>(), secret);
  } else if (value.is_array()) {
    for (json& item : value) mask_json(item, secret);
  } else if (value.is_object()) {
    auto& members = value.get_ref<json::object_t&>();
    for (auto member = members.begin(); member != members.end();) {
      mask_json(member->second, secret);
      if (member->first.find(secret) == std::string::npos) {
        ++member;
        continue;
      }
      auto node = members.extract(member++);
      mask_secret(node.key(), secret);  // no longer has the secret, so this ends
      members.insert(std::move(node));
    }
  }
}

/// RFC 3629: shortest forms only, no surrogates, up to U+10FFFF; and no NUL, which is no text.
bool is_text(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i++]);
    if (lead == 0) return false;
    if (lead < 0x80) continue;
    if (lead < 0xc2 || lead > 0xf4) return false;
    const std::size_t more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (text.size() - i < more) return false;
    unsigned char low = 0x80;
    unsigned char high = 0xbf;
    if (lead == 0xe0) low = 0xa0;
    if (lead == 0xed) high = 0x9f;
    if (lead == 0xf0) low = 0x90;
    if (lead == 0xf4) high = 0x8f;
    for (std::size_t k = 0; k < more; ++k, low = 0x80, high = 0xbf) {
      const auto next = static_cast<unsigned char>(text[i++]);
      if (next < low || next > high) return false;
    }
  }
  return true;
}

json headers_to_json(const HttpHeaders& headers) {
  json out = json::object();
  for (const auto& [field, value] : headers) {
    json& slot = out[field];
    slot = slot.is_string() ? slot.get_ref<const std::string&>() + ", " + value : value;
  }
  return out;
}

void add_body(const HttpResponse& response, json& out) {
  const std::string type = lower_ascii(find_header(response.headers, "content-type"));
  const std::string_view media = std::string_view(type).substr(0, type.find_first_of("; "));
  if ((media == "application/json" || media.ends_with("+json")) && !is_deep(response.body)) {
    json body = json::parse(response.body, nullptr, false);
    if (!body.is_discarded()) {
      out["body_json"] = std::move(body);
      return;
    }
  }
  if (is_text(response.body))
    out["body_text"] = response.body;
  else
    out["body_base64"] = to_base64(response.body);
}

/// The value at a JSON pointer; null when there is none. Walked by hand: nlohmann's own throws for bad
/// indices.
const json* find_at(const json& root, const std::string& pointer) {
  const json* at = &root;
  for (std::size_t begin = 1; begin <= pointer.size();) {
    const std::size_t end = std::min(pointer.find('/', begin), pointer.size());
    std::string token;
    for (std::size_t i = begin; i < end; ++i) {
      if (pointer[i] == '~')
        token += pointer[++i] == '1' ? '/' : '~';
      else
        token += pointer[i];
    }
    begin = end + 1;
    if (at->is_object()) {
      const auto found = at->find(token);
      if (found == at->end()) return nullptr;
      at = &*found;
    } else if (at->is_array()) {
      const bool digits =
          !token.empty() && token.size() < 7 && token.find_first_not_of("0123456789") == token.npos;
      if (!digits || std::stoul(token) >= at->size()) return nullptr;
      at = &(*at)[std::stoul(token)];
    } else {
      return nullptr;
    }
  }
  return at;
}

}  // namespace

Result<HttpRequest> http_request_from_json(std::string_view text) {
  if (is_deep(text)) return refused("nested deeper than 256 levels");
  const json object = json::parse(text, nullptr, false);
  if (object.is_discarded()) return refused("not valid JSON");
  if (!object.is_object()) return refused("must be a JSON object");
  return read_request(object);
}

bool has_content(std::string_view data, const std::vector<std::string>& pointers) {
  if (pointers.empty()) return !data.empty();
  const json value = json::parse(data, nullptr, false);
  if (value.is_discarded()) return false;
  return std::any_of(pointers.begin(), pointers.end(), [&](const std::string& pointer) {
    const json* at = find_at(value, pointer);
    if (at == nullptr) return false;
    if (at->is_string()) return !at->get_ref<const std::string&>().empty();
    if (at->is_boolean()) return at->get<bool>();
    return !at->empty();  // null, [] and {} are empty; a number is not
  });
}

void mask_secret(std::string& text, std::string_view secret) {
  constexpr std::string_view mask = "[secret]";
  if (secret.size() < secret_bytes_min) return;
  std::size_t found = text.find(secret);
  if (found == std::string::npos) return;
  std::string out;  // built anew: replacing in place would be quadratic in what an upstream chooses to send
  std::size_t begin = 0;
  for (; found != std::string::npos; found = text.find(secret, begin)) {
    out.append(text, begin, found - begin).append(mask);
    begin = found + secret.size();
  }
  out.append(text, begin);
  text = std::move(out);
}

std::string http_response_to_json(const HttpResponse& response, std::string_view secret) {
  json out = {{"status", response.status}, {"headers", headers_to_json(response.headers)}};
  if (response.streamed) {
    json& events = out["events"] = json::array();
    for (const StreamEvent& event : response.events) {
      json one = {{"event", event.event}, {"data", event.data}};
      // A character cut in two by the upstream: its bytes would be lost as text.
      if (!is_text(event.data)) one["data_base64"] = to_base64(event.data);
      events.push_back(std::move(one));
    }
  } else {
    add_body(response, out);
  }
  out["truncated"] = response.broken_by.has_value();
  if (response.broken_by) {
    out["error"] = {{"code", name(response.broken_by->code)}, {"message", response.broken_by->message}};
  }
  if (response.retry_after) out["retry_after_ms"] = response.retry_after->count();
  out["elapsed_ms"] = response.elapsed.count();
  out["bytes"] = response.bytes;
  if (secret.size() >= secret_bytes_min) mask_json(out, secret);
  return compact(out);
}

}  // namespace toolpost
