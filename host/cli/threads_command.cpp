// toolpost threads: works on the store's file alone, beside hosts that run on it. Starts no worker, reads no
// key, and makes no state folder where there is none.
#include <sys/stat.h>

#include <cerrno>
#include <iostream>

#include "base/private_folder.hpp"
#include "base/text.hpp"
#include "cli/command_failure.hpp"
#include "cli/commands.hpp"
#include "cli/new_file.hpp"
#include "cli/text_table.hpp"
#include "cli/thread_document.hpp"
#include "store/sqlite_store.hpp"

namespace toolpost {
namespace {

using nlohmann::json;
using Which = ThreadRemoval::Which;

void print_json(const json& document) {
  std::cout << document.dump(1, ' ', false, json::error_handler_t::replace) << "\n";
}

int not_there(const HostOptions& options, Error error) {
  if (error.code == Errc::not_found) error.message += " (toolpost threads list shows all that there are)";
  return fail(options, error);
}

/// The store of the state folder, and the time. Null, with the reason printed, when it cannot be opened.
struct OpenedThreads {
  std::unique_ptr<Store> store;
  std::int64_t now_ms = 0;
};

OpenedThreads open_threads(const HostOptions& options) {
  OpenedThreads opened;
  opened.now_ms = EventLoop().wall_ms();
  const auto settings = load_configuration(options);
  if (!settings) return opened;
  const auto folder = state_folder(options, *settings);
  if (!folder) {
    fail(options, folder.error());
    return opened;
  }
  std::string file = *folder + "/toolpost.db";
  // No host has been here: an empty store answers as it should, and nothing is made.
  struct stat status{};
  if (::lstat(file.c_str(), &status) != 0) {
    if (errno != ENOENT) {
      fail(options, state_failure("the state folder " + *folder, "read"));
      return opened;
    }
    file = ":memory:";
  }
  SqliteOptions sqlite;
  sqlite.file_bytes_max = settings->store.file_bytes_max;
  auto store = SqliteStore::open(file, settings->store, sqlite);
  if (!store) {
    fail(options, store.error());
    return opened;
  }
  opened.store = std::move(*store);
  return opened;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + plain_excerpt(word);
  return out.empty() ? "-" : out;
}

void print_list(const ThreadList& list, std::int64_t now_ms) {
  TextTable table({"thread", "tool", "turns", "bytes", "begun", "last used", "expires", "models"});
  for (const ThreadHead& head : list.heads) {
    table.add({head.id, plain_excerpt(head.last_tool), std::to_string(head.turns), std::to_string(head.bytes),
               age_text(now_ms - head.created_ms) + " ago", age_text(now_ms - head.used_ms) + " ago",
               "in " + age_text(head.expires_ms - now_ms), joined(head.models)});
  }
  if (!list.heads.empty()) std::cout << table.text();
  if (list.alive == 0) std::cout << "no thread is kept\n";
  if (list.alive > static_cast<std::int64_t>(list.heads.size()))
    std::cout << list.heads.size() << " of " << list.alive << " threads; --limit N shows more\n";
  if (list.expired > 0)
    std::cout << list.expired
              << " expired and wait to be removed; toolpost threads delete --expired does it\n";
}

}  // namespace

int run_threads_list(const HostOptions& options, std::uint32_t limit) {
  const OpenedThreads opened = open_threads(options);
  if (!opened.store) return 2;
  const auto list = opened.store->threads(kLocalOwner, opened.now_ms, limit);
  if (!list) return fail(options, list.error());
  if (options.output == Output::human) {
    print_list(*list, opened.now_ms);
    return 0;
  }
  json heads = json::array();
  for (const ThreadHead& head : list->heads) heads.push_back(thread_head_json(head));
  print_json({{"threads", heads}, {"alive", list->alive}, {"expired", list->expired}});
  return 0;
}

int run_threads_show(const HostOptions& options, const ThreadsCommand& command) {
  const OpenedThreads opened = open_threads(options);
  if (!opened.store) return 2;
  const auto thread = opened.store->load_thread(kLocalOwner, command.ids.front(), opened.now_ms);
  if (!thread) return not_there(options, thread.error());
  const json shown = shown_thread(*thread, command.full ? ShownText::full : ShownText::cut);
  if (options.output == Output::json) {
    print_json(shown);
  } else {
    std::cout << thread_text(shown);
  }
  return 0;
}

int run_threads_export(const HostOptions& options, const ThreadsCommand& command) {
  const OpenedThreads opened = open_threads(options);
  if (!opened.store) return 2;
  const auto thread = opened.store->load_thread(kLocalOwner, command.ids.front(), opened.now_ms);
  if (!thread) return not_there(options, thread.error());
  const std::string text =
      command.markdown ? thread_markdown(shown_thread(*thread, ShownText::full))
                       : exported_thread(*thread).dump(1, ' ', false, json::error_handler_t::replace) + "\n";
  if (command.out.empty()) {
    if (command.markdown && options.output == Output::json) {
      print_json({{"id", thread->head.id}, {"markdown", text}});
    } else {
      std::cout << text;
    }
    return 0;
  }
  if (auto written = write_new_file(command.out, text); !written) return fail(options, written.error());
  if (options.output == Output::json) {
    print_json({{"id", thread->head.id}, {"file", command.out}, {"bytes", text.size()}});
  } else {
    std::cout << command.out << ": " << thread->turns.size() << " turns\n";
  }
  return 0;
}

int run_threads_delete(const HostOptions& options, const ThreadsCommand& command) {
  const int ways = (command.ids.empty() ? 0 : 1) + (command.expired ? 1 : 0) + (command.all ? 1 : 0);
  if (ways != 1) {
    const Error error{Errc::invalid_input, "say which threads: ids, or --expired, or --all"};
    return fail(options, error, 2);
  }
  const OpenedThreads opened = open_threads(options);
  if (!opened.store) return 2;
  if (command.all && !command.yes) {
    const auto list = opened.store->threads(kLocalOwner, opened.now_ms, 1);
    if (!list) return fail(options, list.error());
    const Error error{Errc::invalid_input, "--all would delete " +
                                               std::to_string(list->alive + list->expired) +
                                               " threads for good; add --yes if that is meant"};
    return fail(options, error, 2);
  }
  const Which which = command.all ? Which::all : command.expired ? Which::expired : Which::named;
  const auto removed = opened.store->remove_threads(kLocalOwner, {which, command.ids}, opened.now_ms);
  if (!removed) {
    Error error = removed.error();
    if (error.code == Errc::not_found && command.ids.size() > 1) error.message += "; none was deleted";
    return not_there(options, error);
  }
  if (options.output == Output::json) {
    print_json({{"deleted", *removed}});
  } else {
    std::cout << *removed << (*removed == 1 ? " thread deleted\n" : " threads deleted\n");
  }
  return 0;
}

}  // namespace toolpost
