#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Completion scripts for shells, made from the commands' own tables. Pure.
namespace tenantry::cli {

enum class Shell { kBash, kZsh, kFish };
std::optional<Shell> FindShell(std::string_view word);

struct OptionDescription {
  std::vector<std::string> names;  // "--quiet", "-q"
  std::string help;
  bool takes_value = false;
  bool takes_file = false;
  std::vector<std::string> words;  // what the value may be; empty: anything
};

struct CommandDescription {
  std::string path;  // "tenant init"; empty: the program itself
  std::string help;
  std::vector<std::string> commands;  // below it
  std::vector<OptionDescription> options;
  bool takes_files = false;
};

std::string CompletionScript(Shell shell, const std::vector<CommandDescription>& commands);

}  // namespace tenantry::cli
