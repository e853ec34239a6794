// carousel: trains xLSTM language models and runs them.
//
// stdout carries results; everything else goes to stderr.

#include "examples/language_model/program.h"

int main(int argc, char** argv) { return carousel::program::run_program(argc, argv); }
