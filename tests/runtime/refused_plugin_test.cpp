#include <filesystem>
#include <fstream>

#include "runtime/plugin_table.hpp"
#include "runtime_world.hpp"
#include "toolpost/plugin.h"

using namespace toolpost;
using namespace std::chrono_literals;

TEST_CASE("dropping in: a constructor that crashes or hangs makes its plugin incompatible, nothing else",
          "[runtime][plugin]") {
  Settings settings;
  settings.workers.ready_max = 500ms;
  RuntimeWorld world({"tests/plugins/crashing_constructor.so", "tests/plugins/hanging_constructor.so",
                      "lib/toolpost/plugins/echo.so"},
                     settings);
  CHECK(world.call("echo", R"({"text":"fine"})").code == Errc::ok);
  const CallOutcome& crashing = world.call("crashing");
  CHECK(crashing.code != Errc::ok);
  CHECK(crashing.message.find("loaded") != std::string::npos);
  const CallOutcome& hanging = world.call("hanging");
  CHECK(hanging.code == Errc::hung);
  CHECK(hanging.message.find("workers.ready_max_ms = 500") != std::string::npos);
  const CallOutcome& again = world.call("hanging");  // and nobody waits for it any more
  CHECK(again.code == Errc::incompatible);
  CHECK(again.message.find("workers.ready_max_ms = 500") != std::string::npos);
  CHECK(world.call("echo", R"({"text":"still"})").code == Errc::ok);
}

TEST_CASE("dropping in: the check in the background finds what cannot run before anybody calls it",
          "[runtime][plugin]") {
  Settings settings;
  settings.workers.ready_max = 500ms;
  RuntimeWorld world({"tests/plugins/hanging_constructor.so", "lib/toolpost/plugins/echo.so"}, settings);
  world.runtime->verify_plugins();
  world.run_until_event("test.hanging");
  for (const auto& plugin : world.runtime->plugins().plugins())
    CHECK(plugin->incompatible.has_value() == (plugin->id() == "test.hanging"));
  CHECK(world.call("hanging").code == Errc::incompatible);
  CHECK(world.call("echo", R"({"text":"fine"})").code == Errc::ok);
}

TEST_CASE("grants: where the plugin has a table already, the lines for it are told, and the servers of http",
          "[runtime][plugin]") {
  PluginEntry plugin;
  plugin.found.manifest.id = "com.example.weather";
  plugin.found.manifest.required = {"http"};
  CHECK(missing_grants_toml(plugin) ==
        "[plugins.\"com.example.weather\"]\ngrant = [\"http\"]\n"
        "http_origins = []  # it names none: put in the servers that it may ask, such as "
        "\"https://api.example.com\"\n");
  plugin.found.manifest.http_origins = {"https://a.example", "http://127.0.0.1:8080"};
  CHECK(missing_grants_toml(plugin).ends_with(
      "http_origins = [\"https://a.example\", \"http://127.0.0.1:8080\"]\n"));
  plugin.configured = true;
  plugin.settings.http_origins = {"https://api.example.com"};
  CHECK(missing_grants_toml(plugin) ==
        "# in [plugins.\"com.example.weather\"], which is there already, instead of its grant:\n"
        "grant = [\"http\"]\n");
}

TEST_CASE("settings: plugins.ID.turn_max_ms ends a turn, and the message names it", "[runtime][settings]") {
  Settings settings;
  settings.plugins["test.faulty"].turn_max = 300ms;
  RuntimeWorld world({"tests/plugins/faulty.so"}, settings);
  const CallOutcome& spun = world.call("spin");
  CHECK(spun.code == Errc::hung);
  CHECK(spun.message.find("plugins.\"test.faulty\".turn_max_ms = 300") != std::string::npos);
}

TEST_CASE("settings: plugins.ID.enabled = false takes its tools away, and says so", "[runtime][settings]") {
  Settings settings;
  settings.plugins["dev.toolpost.echo"].enabled = false;
  RuntimeWorld world({"lib/toolpost/plugins/echo.so"}, settings);
  CHECK(world.call("echo", R"({"text":"x"})").code == Errc::not_found);
  CHECK(world.runtime->plugins().refused().at(0).reason.find("enabled = false") != std::string::npos);
}

TEST_CASE("calls: those that fail before their first turn are answered like any other", "[runtime][plugin]") {
  Settings settings;
  settings.admission.calls_max = 1;
  RuntimeWorld world({"tests/plugins/crashing_constructor.so"}, settings);
  for (int i = 0; i < 4; ++i) world.start("crashing");
  world.settle();
  CHECK(world.outcomes.at("crashing").code != Errc::ok);
  // By now the plugin is known to be unable to run, so the runner refuses without a turn.
  CHECK(world.call("crashing").code == Errc::incompatible);
}

TEST_CASE("dropping in: a tool name that is taken is refused, naming who has it", "[runtime][plugin]") {
  RuntimeWorld world({"lib/toolpost/plugins/echo.so", "tests/plugins/stolen_name.so"});
  REQUIRE(world.runtime->plugins().refused().size() == 1);
  CHECK(world.runtime->plugins().refused()[0].reason.find("\"echo\" is taken by") != std::string::npos);
  CHECK(world.runtime->plugins().plugins().size() == 1);
}

TEST_CASE("dropping in: files that others may write, links and nonsense are refused with the reason",
          "[runtime][plugin]") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("toolpost_unsafe_" + std::to_string(getpid()));
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  const fs::path echo = std::string(TOOLPOST_BINARY_DIR) + "/lib/toolpost/plugins/echo.so";
  fs::copy(echo, folder / "a.so");
  fs::permissions(folder / "a.so", fs::perms::others_write, fs::perm_options::add);
  fs::create_symlink(echo, folder / "b.so");
  std::ofstream(folder / "c.so") << "no library at all";
  const auto catalog =
      scan_plugins({{folder.string(), PluginOrigin::dropped_in}}, (folder / "state").string());
  REQUIRE(catalog);
  CHECK(catalog->plugins.empty());
  REQUIRE(catalog->refused.size() == 3);
  CHECK(catalog->refused[0].reason.find("chmod go-w") != std::string::npos);
  CHECK(catalog->refused[1].reason.find("symbolic link") != std::string::npos);
  CHECK(catalog->refused[2].reason.find("not a usable shared library") != std::string::npos);
  fs::permissions(folder, fs::perms::others_write, fs::perm_options::add);
  const auto open_folder =
      scan_plugins({{folder.string(), PluginOrigin::dropped_in}}, (folder / "state").string());
  REQUIRE(open_folder);
  CHECK(open_folder->refused.at(0).reason.find("the folder") != std::string::npos);
  fs::remove_all(folder);
}

TEST_CASE("plugin copies: one that nobody has used for 30 days goes, one that a host keeps stays",
          "[runtime][plugin]") {
  namespace fs = std::filesystem;
  const fs::path folder = fs::temp_directory_path() / ("toolpost_copies_" + std::to_string(getpid()));
  const fs::path copies = folder / "state" / "plugins";
  const auto scan = [&] { REQUIRE(scan_plugins({}, (folder / "state").string())); };
  const auto age = [&](const char* name, std::chrono::hours hours) {
    fs::last_write_time(copies / name, fs::file_time_type::clock::now() - hours);
  };
  scan();
  CHECK((fs::status(copies).permissions() & fs::perms::all) == fs::perms::owner_all);
  for (const char* name : {"aaaa", "bbbb", "cccc"}) fs::create_directory(copies / name);
  std::ofstream(copies / "aaaa" / "plugin.so") << "x";
  age("aaaa", kCopyUnusedMax + std::chrono::hours(1));
  age("bbbb", kCopyUnusedMax - std::chrono::hours(1));
  age("cccc", kCopyUnusedMax + std::chrono::hours(1));
  keep_copies({(copies / "cccc" / "plugin.so").string()});
  scan();
  CHECK_FALSE(fs::exists(copies / "aaaa"));
  CHECK(fs::exists(copies / "bbbb"));
  CHECK(fs::exists(copies / "cccc"));
  fs::remove_all(folder);
}

TEST_CASE("grants: what nobody granted answers PERMISSION with the TOML to write", "[runtime][plugin]") {
  RuntimeWorld world({"tests/plugins/asking.so"});
  REQUIRE(world.call("asking", R"({"kind":"file.read","request":{"path":"x"}})").code == Errc::ok);
  CHECK(world.reply("asking")["status"] == TOOLPOST_PERMISSION);
  const std::string message = world.reply("asking")["message"];
  CHECK(message.find("[plugins.\"test.asking\"]\ngrant = [\"file.read\", \"http\", \"provider\", \"ask\", "
                     "\"sample\", \"store.put\", \"thread.append\"]") != std::string::npos);
  REQUIRE(world.call("asking", R"({"kind":"file.raed"})").code == Errc::ok);
  CHECK(world.reply("asking")["message"].get<std::string>().find("did you mean \"file.read\"?") !=
        std::string::npos);
}

TEST_CASE("grants: a granted file effect reads beneath its root and nowhere else", "[runtime][plugin]") {
  namespace fs = std::filesystem;
  const fs::path root = fs::temp_directory_path() / ("toolpost_root_" + std::to_string(getpid()));
  fs::create_directories(root);
  std::ofstream(root / "note.txt") << "hello";
  Settings settings;
  settings.files.roots = {root.string()};
  settings.plugins["test.asking"].grant = {"file.read"};
  RuntimeWorld world({"tests/plugins/asking.so"}, settings);
  REQUIRE(world.call("asking", R"({"request":{"path":"note.txt"}})").code == Errc::ok);
  CHECK(world.reply("asking")["result"]["text"] == "hello");
  REQUIRE(world.call("asking", R"({"request":{"path":"/etc/passwd"}})").code == Errc::ok);
  CHECK(world.reply("asking")["status"] == TOOLPOST_PERMISSION);
  fs::remove_all(root);
}

TEST_CASE("dropping in: text for models with hidden characters makes the plugin incompatible",
          "[runtime][plugin]") {
  Manifest plain;
  MethodManifest& run = plain.methods.emplace_back();
  run.name = "run";
  run.title = "T";
  run.description = "caf\xc3\xa9";
  run.input_schema = "{}";
  CHECK(compile_methods(plain));
  const auto refusal = [&](auto change) {
    Manifest manifest = plain;
    change(manifest.methods[0]);
    const auto methods = compile_methods(manifest);
    REQUIRE_FALSE(methods);
    CHECK(methods.error().code == Errc::incompatible);
    return methods.error().message;
  };
  CHECK(refusal([](MethodManifest& method) { method.title = "a\xe2\x80\xae"; }).starts_with("title of run"));
  CHECK(refusal([](MethodManifest& method) {
          method.description = "a\xf3\xa0\x81\x81";
        }).starts_with("description"));
  for (const char* schema : {R"({"description":"a\u200bb"})", R"({"properties":{"a\u200b":true}})",
                             "{\"title\":\"\xf3\xa0\x84\x80\"}"}) {
    CHECK(refusal([&](MethodManifest& method) {
            method.input_schema = schema;
          }).starts_with("a schema of run"));
    CHECK(refusal([&](MethodManifest& method) {
            method.output_schema = schema;
          }).starts_with("a schema of run"));
  }
}
