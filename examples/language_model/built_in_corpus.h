// The text files of this project, one after the other, put into the program when it was built.
#pragma once

#include <string_view>

namespace carousel::program {

std::string_view built_in_corpus();

}  // namespace carousel::program
