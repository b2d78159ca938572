#include "cli/env_page.hpp"

#include <span>

#include "cli/env_variables.hpp"
#include "cli/migrated_tools.hpp"
#include "config/value_grammar.hpp"

namespace toolpost {
namespace {

constexpr const char* kHead = R"(# Coming from the predecessor

This page is made from the tables in `host/cli/env_variables_*.cpp` and `host/cli/migrated_tools.cpp`; change it there, then
`toolpost config import --markdown > docs/migrating.md`.

`toolpost config import FILE` reads the predecessor's `.env`, or that of its relative PAL, and prints a configuration; `--out toolpost.toml`
writes it into a new file (mode 0600). Standard error says of every variable that means something else, or has no effect any more, why
that is so; with `--json` one document has both.

```console
$ printf 'GLM_API_KEY="not-a-real-key"\nWORKFLOW_TOOL_TIMEOUT_SECS=600\nLOG_LEVL=DEBUG\nCACHE_TTL=300\n' > old.env
$ toolpost config import old.env --out new.toml
not known:
  LOG_LEVL (line 3): is none of the predecessor's variables; did you mean LOG_LEVEL?
keys: none is written; each must come from somewhere:
  GLM_API_KEY (line 1): set this variable where the host starts, …
means something else here:
  WORKFLOW_TOOL_TIMEOUT_SECS (line 2), ceilings_long.tool_ms: bounds a tool call; more than 60 s hold for durable calls …
follows from the rest:
  ceilings_long.provider_ms: is 599_500 so that the ceilings nest
has no effect any more:
  CACHE_TTL (line 4): had no effect there either; no answer is kept for a second asking: …
0 variables mean the same here
new.toml is written; try it: toolpost --config new.toml config check
$ toolpost --config new.toml config check
new.toml:… providers.glm.key: the environment variable GLM_API_KEY is not set; …
the configuration is good; read: new.toml, the environment
$ grep tool_ms new.toml
tool_ms = 600_000  # WORKFLOW_TOOL_TIMEOUT_SECS
$ toolpost config import old.env --out new.toml
toolpost: new.toml is there already and is not overwritten; remove it, or name another file
[status 1]
```

- **Keys** are never written and never shown. `key = { env = "GLM_API_KEY" }` names the variable. Toolpost reads no `.env` file, so set it
  where the client starts the host, or put the key into a file of mode 0600 and write `key = { file = "/absolute/path" }`. A value
  that holds a key in another place (a URL, a name) is left out.
- **Time limits.** One number, `WORKFLOW_TOOL_TIMEOUT_SECS`, was the base of all others. Here there are two profiles. A limit of 60 s or
  less becomes `ceilings.tool_ms`, for every call. A longer one, such as 600, becomes `ceilings_long.tool_ms`: it holds for durable calls
  and `toolpost call --patient`, and ordinary calls keep `ceilings.tool_ms` (45 s), since most clients give up after 60 s whatever a
  server does. 0 switches off `ceilings.tool_ms` and `ceilings_long.tool_ms`; `expert_ms` and at last `daemon_ms` of the same profile still
  hold. `EXPERT_ANALYSIS_TIMEOUT_SECS` goes the same ways to `expert_ms`. Ceilings that would not nest are moved, and named.
- **What is read:** `export`, quotes (also over several lines), comments, CRLF. The last of duplicates counts; an empty value counts as not
  set. `${NAME}` is not filled in. A number outside the range of its setting is moved to its end; a value that is none is left out. All of
  these are reported, none of them stops the import.
- **Unknown variables** are named with a guess; their values are not shown.
- Status 0: done, with whatever there was to report; 1: the file cannot be written; 2: FILE cannot be read, or wrong use.

)";

std::string fate_text(const EnvVariable& row) {
  if (row.fate == EnvFate::key) return "a key: named, not written";
  if (row.fate == EnvFate::kept) return "the same";
  return std::string(row.why);
}

std::string settings_text(const EnvVariable& row) {
  std::string out;
  for (const std::string& setting : split(row.setting, ' '))
    out += (out.empty() ? "`" : ", `") + setting + "`";
  return out;
}

/// Variables of one reason share a line, since the reason is what is looked for.
std::string gone_text(std::span<const EnvVariable> rows) {
  std::string out;
  for (std::size_t i = 0; i < rows.size();) {
    std::string names;
    const std::string_view why = rows[i].why;
    for (; i < rows.size() && rows[i].why == why; ++i) {
      names += (names.empty() ? "`" : " `") + std::string(rows[i].name) + "`";
      if (rows[i].fate == EnvFate::dead) names += "\\*";
    }
    out += "| " + names + " | " + std::string(why) + " |\n";
  }
  return out;
}

std::string words_text(std::string_view words) {
  std::string out;
  for (const std::string& word : split(words, ' '))
    if (!word.empty()) out += (out.empty() ? "`" : " `") + word + "`";
  return out;
}

std::string tools_text() {
  std::string out =
      "## Tools and fields\n\nNames, fields, enums and required fields are the predecessor's: what "
      "`tools/list` "
      "names is not repeated here. A field that\nis in no list fails no call; a workflow tool names those it "
      "does "
      "not know in `metadata.ignored_fields`.\n\n"
      "| Tool | Here | Taken though not listed | Without effect | Why, and what to do "
      "|\n|---|---|---|---|---|\n";
  for (const MigratedTool& row : migrated_tools()) {
    const std::string here = row.here.empty()       ? "-"
                             : row.here == row.name ? "the same"
                                                    : words_text(row.here);
    out += "| `" + std::string(row.name) + "` | " + here + " | " + words_text(row.taken) + " | " +
           words_text(row.unused) + " | " + std::string(row.why) + " |\n";
  }
  return out + "\n";
}

}  // namespace

std::string env_page() {
  std::string out = kHead + tools_text();
  out += "## Variables that become settings\n\nOf two variables for one setting the upper one counts.\n\n";
  out += "| Variable | Setting | Meaning |\n|---|---|---|\n";
  for (const EnvVariable& row : env_mapped_variables())
    out += "| `" + std::string(row.name) + "` | " + settings_text(row) + " | " + fate_text(row) + " |\n";
  out +=
      "\n## Variables without effect\n\nThose with \\* had none there either.\n\n| Variables | Why, and what "
      "to do |\n|---|---|\n";
  out += gone_text(env_gone_variables());
  out +=
      "\nOf the predecessor's last release, and of PAL:\n\n| Variables | Why, and what to do |\n|---|---|\n";
  return out + gone_text(env_later_variables());
}

}  // namespace toolpost
