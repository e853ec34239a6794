// Parts of a model, as a person speaks of them.
#pragma once

#include <string>

namespace carousel::program {

// "xlstm_block_stack.blocks.3.ffn.proj_up.weight" belongs to "block 3", others to their first name.
std::string part_of(const std::string& parameter);

}  // namespace carousel::program
