#include "cli/completion.h"

#include <algorithm>

#include "cli/shell_words.h"
#include "cli/words.h"
#include "common/base/strings.h"

namespace tenantry::cli {
namespace {

std::string LastWord(const std::string& path) { return path.substr(path.find_last_of(' ') + 1); }

std::vector<std::string> AllOptionNames(const CommandDescription& command) {
  std::vector<std::string> names;
  for (const OptionDescription& option : command.options) {
    names.insert(names.end(), option.names.begin(), option.names.end());
  }
  return names;
}

// ---- bash ----

// The lines of a `case` that answer what follows one of the options.
std::string BashValues(const CommandDescription& command) {
  std::string lines;
  std::vector<std::string> free;
  for (const OptionDescription& option : command.options) {
    if (!option.takes_value) {
      continue;
    }
    const std::string any_name = Join(option.names, "|");
    if (!option.words.empty()) {
      lines += "        " + any_name + ") COMPREPLY=($(compgen -W " +
               ShellQuote(Join(option.words, " ")) + " -- \"$word\")); return ;;\n";
    } else if (option.takes_file) {
      lines += "        " + any_name + ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n";
    } else {
      free.push_back(any_name);
    }
  }
  return free.empty() ? lines : lines + "        " + Join(free, "|") + ") return ;;\n";
}

std::string BashCommand(const CommandDescription& command) {
  const std::string values = BashValues(command);
  std::vector<std::string> words = command.commands;
  const std::vector<std::string> options = AllOptionNames(command);
  std::string text = "    " + ShellQuote(command.path) + ")\n";
  if (!values.empty()) {
    text += "      case $before in\n" + values + "      esac\n";
  }
  text += "      if [[ $word == -* ]]; then COMPREPLY=($(compgen -W " +
          ShellQuote(Join(options, " ")) + " -- \"$word\")); return; fi\n";
  text += command.takes_files ? "      COMPREPLY=($(compgen -f -- \"$word\")) ;;\n"
                              : "      COMPREPLY=($(compgen -W " + ShellQuote(Join(words, " ")) +
                                    " -- \"$word\")) ;;\n";
  return text;
}

std::string BashScript(const std::vector<CommandDescription>& commands) {
  std::vector<std::string> words;
  std::string cases;
  for (const CommandDescription& command : commands) {
    cases += BashCommand(command);
    if (!command.path.empty()) {
      words.push_back(ShellQuote(command.path));
    }
  }
  return "# bash completion of tenantry. Load it with:  source <(tenantry completion bash)\n"
         "_tenantry() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local path='' next candidate\n"
         "  for next in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
         "    for candidate in " +
         Join(words, " ") +
         "; do\n"
         "      [[ $candidate == \"${path:+$path }$next\" ]] && path=$candidate && break\n"
         "    done\n"
         "  done\n"
         "  COMPREPLY=()\n"
         "  case $path in\n" +
         cases +
         "  esac\n"
         "}\n"
         "complete -o filenames -F _tenantry tenantry\n";
}

// ---- zsh ----

std::string ZshText(const std::string& text) {
  std::string safe;
  for (const char c : text) {
    safe +=
        c == '[' || c == ']' || c == ':' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return safe;
}

std::string ZshOption(const OptionDescription& option, const std::string& name) {
  std::string spec = name + "[" + ZshText(option.help) + "]";
  if (option.takes_value) {
    spec += ":value:";
    spec += !option.words.empty() ? "(" + Join(option.words, " ") + ")"
            : option.takes_file   ? "_files"
                                  : "";
  }
  return ShellQuote(spec);
}

std::string ZshFunction(const std::string& path) {
  std::string name = "_tenantry";
  for (const char c : path.empty() ? "" : " " + path) {
    name += c == ' ' ? '_' : c;
  }
  return name;
}

std::string ZshCommand(const CommandDescription& command,
                       const std::vector<CommandDescription>& commands) {
  std::string text = ZshFunction(command.path) + "() {\n  local context state line\n";
  text += "  _arguments -C";
  for (const OptionDescription& option : command.options) {
    for (const std::string& name : option.names) {
      text += " \\\n    " + ZshOption(option, name);
    }
  }
  if (command.commands.empty()) {
    text += command.takes_files ? " \\\n    '*:file:_files'\n}\n" : "\n}\n";
    return text;
  }
  text +=
      " \\\n    '1:command:->command' '*::argument:->argument'\n  case $state in\n"
      "    command)\n      local -a commands=(";
  for (const CommandDescription& below : commands) {
    const std::string prefix = command.path.empty() ? "" : command.path + " ";
    if (!below.path.empty() && below.path == prefix + LastWord(below.path)) {
      text += "\n        " + ShellQuote(LastWord(below.path) + ":" + ZshText(below.help));
    }
  }
  text += "\n      )\n      _describe command commands ;;\n    argument)\n      case $line[1] in\n";
  for (const std::string& name : command.commands) {
    const std::string path = command.path.empty() ? name : command.path + " " + name;
    text += "        " + name + ") " + ZshFunction(path) + " ;;\n";
  }
  return text + "      esac ;;\n  esac\n}\n";
}

std::string ZshScript(const std::vector<CommandDescription>& commands) {
  std::string text =
      "#compdef tenantry\n"
      "# zsh completion of tenantry. Load it with:  source <(tenantry completion zsh)\n";
  for (const CommandDescription& command : commands) {
    text += ZshCommand(command, commands);
  }
  return text + "compdef _tenantry tenantry\n";
}

// ---- fish ----

std::string FishQuote(const std::string& text) {
  std::string quoted = "'";
  for (const char c : text) {
    quoted += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  }
  return quoted + "'";
}

// When a command's options and commands are offered.
std::string FishCondition(const CommandDescription& command) {
  std::string condition;
  for (const std::string_view word : Split(command.path, ' ')) {
    if (!word.empty()) {
      condition += (condition.empty() ? "" : "; and ") +
                   ("__fish_seen_subcommand_from " + std::string(word));
    }
  }
  if (!command.commands.empty()) {
    condition += (condition.empty() ? "" : "; and ") +
                 ("not __fish_seen_subcommand_from " + Join(command.commands, " "));
  }
  return FishQuote(condition);
}

std::string FishOption(const CommandDescription& command, const OptionDescription& option) {
  std::string line = "complete -c tenantry -n " + FishCondition(command);
  for (const std::string& name : option.names) {
    line += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
  }
  if (!option.words.empty()) {
    line += " -x -a " + FishQuote(Join(option.words, " "));
  } else if (option.takes_value) {
    line += option.takes_file ? " -r -F" : " -x";
  }
  return line + " -d " + FishQuote(option.help) + "\n";
}

std::string FishScript(const std::vector<CommandDescription>& commands) {
  std::string text =
      "# fish completion of tenantry. Load it with:  tenantry completion fish | source\n"
      "complete -c tenantry -f\n";
  for (const CommandDescription& command : commands) {
    for (const CommandDescription& below : commands) {
      const std::string prefix = command.path.empty() ? "" : command.path + " ";
      if (!below.path.empty() && below.path == prefix + LastWord(below.path)) {
        text += "complete -c tenantry -n " + FishCondition(command) + " -a " +
                LastWord(below.path) + " -d " + FishQuote(below.help) + "\n";
      }
    }
    for (const OptionDescription& option : command.options) {
      text += FishOption(command, option);
    }
    if (command.takes_files) {
      text += "complete -c tenantry -n " + FishCondition(command) + " -F\n";
    }
  }
  return text;
}

}  // namespace

std::optional<Shell> FindShell(std::string_view word) {
  const std::string plain = PlainWord(word);
  return plain == "bash"   ? std::optional(Shell::kBash)
         : plain == "zsh"  ? std::optional(Shell::kZsh)
         : plain == "fish" ? std::optional(Shell::kFish)
                           : std::nullopt;
}

std::string CompletionScript(Shell shell, const std::vector<CommandDescription>& commands) {
  switch (shell) {
    case Shell::kBash:
      return BashScript(commands);
    case Shell::kZsh:
      return ZshScript(commands);
    case Shell::kFish:
      return FishScript(commands);
  }
  return "";
}

}  // namespace tenantry::cli
