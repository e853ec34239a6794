// The program, from its command line to its exit code.
#pragma once

namespace carousel::program {

// Exit codes: 0 done, 1 could not be done, 2 the command line makes no sense, 128 + n stopped by
// signal n. Throws nothing: what went wrong is a sentence on standard error.
int run_program(int argc, const char* const* argv);

}  // namespace carousel::program
