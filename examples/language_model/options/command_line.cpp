#include "examples/language_model/options/command_line.h"

#include <fmt/format.h>

#include <sstream>

#include "examples/language_model/options/subcommands.h"

namespace carousel::program {

namespace {

constexpr int usage_error = 2;

// The text without line breaks and the full stop at its end.
std::string one_sentence(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '.')) text.pop_back();
  for (char& c : text) {
    if (c == '\n') c = ' ';
  }
  return text;
}

// CLI11 leaves two empty lines between groups.
std::string without_double_blanks(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c != '\n' || !result.ends_with("\n\n")) result += c;
  }
  return result;
}

// What is wrong, for someone who typed it: CLI11 asks for a subcommand where there is a wrong one.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining();
  if (app.get_subcommands().empty() && !unknown.empty()) {
    return fmt::format("there is no subcommand or option {}", unknown.front());
  }
  return one_sentence(error.what());
}

Answer answer(const CLI::App& app, const CLI::ParseError& error) {
  if (error.get_exit_code() == 0) {  // --help, --version
    std::ostringstream out, err;
    app.exit(error, out, err);
    return {.output = without_double_blanks(out.str()), .error = {}};
  }
  const CLI::App* last = &app;  // of the subcommands that were chosen
  std::string names;
  while (!last->get_subcommands().empty()) {
    last = last->get_subcommands().front();
    names += (names.empty() ? "" : " ") + last->get_name();
  }
  const std::string sentence = complaint(*last, error);
  return {.output = {},
          .error = names.empty()
                       ? fmt::format("{} (see carousel --help)", sentence)
                       : fmt::format("{}: {} (see carousel {} --help)", names, sentence, names),
          .exit_code = usage_error};
}

}  // namespace

std::variant<Options, Answer> parse_command_line(int argc, const char* const* argv) {
  TrainOptions train;
  PrepareCommandOptions prepare;
  GenerateOptions generate;
  EvalOptions eval;
  GradcheckOptions gradcheck;
  InfoOptions info;
  TokenizerOptions tokenizer;
  ReportOptions report;
  InspectOptions inspect;

  CLI::App app("Trains xLSTM language models and runs them.", "carousel");
  app.set_version_flag("--version", "carousel " CAROUSEL_VERSION);
  app.require_subcommand(1);
  add_train(app, train);
  add_prepare(app, prepare);
  add_generate(app, generate);
  add_eval(app, eval);
  add_gradcheck(app, gradcheck);
  add_info(app, info);
  add_tokenizer(app, tokenizer);
  add_report(app, report);
  add_inspect(app, inspect);
  app.footer("carousel SUBCOMMAND --help explains a subcommand's options.");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return answer(app, error);
  }
  const CLI::App& subcommand = *app.get_subcommands().front();
  const std::string name = subcommand.get_name();
  if (name == "train") return train;
  if (name == "prepare") return prepare;
  if (name == "generate") return generate;
  if (name == "eval") return eval;
  if (name == "gradcheck") return gradcheck;
  if (name == "info") return info;
  if (name == "report") return report;
  if (name == "inspect") return inspect;
  return chosen(subcommand, tokenizer);
}

}  // namespace carousel::program
