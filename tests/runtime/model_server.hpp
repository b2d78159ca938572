#pragma once
// A model server that answers every chat with the same expert opinion, as a stream, counts, and keeps the
// last request.

#include <atomic>
#include <string>

#include "config/settings.hpp"
#include "http_server.hpp"

namespace toolpost {

inline const std::string kExpert =
    R"({\"status\":\"analysis_complete\",\"summary\":\"off by one\",\"hypotheses\":[]})";

struct ModelServer {
  std::atomic<int> asked{0};
  std::string usage;         // JSON, told with the end of each answer; empty: none is told
  std::string last_request;  // read it once a call that asked is answered
  HttpServer server{[this](ServerConnection& connection) {
    for (std::string request = connection.read_request(); !request.empty();
         request = connection.read_request()) {
      last_request = request;
      ++asked;
      const std::string body = "data: {\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"" + kExpert +
                               "\"}}]}\n\ndata: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]" +
                               (usage.empty() ? "" : ",\"usage\":" + usage) + "}\n\ndata: [DONE]\n\n";
      connection.answer(body, "Content-Type: text/event-stream\r\n");
    }
  }};

  ProviderSettings settings() const {
    ProviderSettings provider;
    provider.base_url = "http://127.0.0.1:" + std::to_string(server.port()) + "/v1";
    provider.models = {"m"};
    return provider;
  }
};

}  // namespace toolpost
