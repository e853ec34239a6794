#include "examples/language_model/parts.h"

#include <string_view>

namespace carousel::program {

std::string part_of(const std::string& parameter) {
  constexpr std::string_view blocks = "xlstm_block_stack.blocks.";
  if (parameter.starts_with(blocks)) {
    const std::string rest = parameter.substr(blocks.size());
    return "block " + rest.substr(0, rest.find('.'));
  }
  constexpr std::string_view stack = "xlstm_block_stack.";
  const std::string rest =
      parameter.starts_with(stack) ? parameter.substr(stack.size()) : parameter;
  return rest.substr(0, rest.find('.'));
}

}  // namespace carousel::program
