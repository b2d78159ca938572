// instructions: tools that ask no model and do nothing themselves; they tell the calling agent how to
// proceed. challenge keeps it from agreeing too quickly, apilookup sends it to current documentation.
#include <toolpost/workflow/fields.hpp>

namespace {

using toolpost::json;

std::string prompt_of(const json& request) {
  const std::string prompt = toolpost::workflow::text_field(request, "prompt");
  if (prompt.find_first_not_of(" \t\r\n") == std::string::npos)
    throw toolpost::Error(TOOLPOST_INVALID_INPUT,
                          "\"prompt\" is empty; give the statement or question in the user's words");
  return prompt;
}

json challenge(const json& request) {
  const std::string prompt = prompt_of(request);
  return {{"status", "challenge_accepted"},
          {"original_statement", prompt},
          {"challenge_prompt",
           "Do not agree and do not disagree yet. Judge this statement as if a stranger had made it:\n\n" +
               prompt +
               "\n\nFirst say what it claims and what it takes for granted. Then look for the strongest "
               "reason that it is wrong, in the code or "
               "the facts at hand and not in general, and for the strongest reason that it is right. Only "
               "then conclude: right, wrong, right in "
               "part, or not to be decided with what is known - and what would decide it. If you said "
               "something else before, say plainly "
               "whether you were mistaken."},
          {"instructions",
           "Answer challenge_prompt now, to the user. Check facts that you can check before you answer. "
           "Politeness is no reason to agree, and "
           "neither is having been contradicted."}};
}

json apilookup(const json& request) {
  return {{"status", "web_lookup_needed"},
          {"instructions",
           "What you remember of APIs, SDKs and versions may be outdated, so look it up now with your own "
           "web search. Search for the official "
           "documentation, release notes or migration guide with the current year in mind; two to four "
           "searches are enough. Find the version "
           "that is current and the one this project uses (lock files, build files). Then answer with what "
           "changed, what is deprecated, the "
           "recommended call with a short example, and the address and date of each source. If sources "
           "disagree, the maker's own newest page "
           "counts; if nothing official can be found, say so instead of guessing."},
          {"user_prompt", prompt_of(request)}};
}

struct Instructions : toolpost::Plugin {
  json invoke(toolpost::Call&, std::string_view method, const json& request) override {
    return method == "challenge" ? challenge(request) : apilookup(request);
  }
};

}  // namespace

TOOLPOST_PLUGIN(Instructions)
