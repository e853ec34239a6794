#include "examples/language_model/interrupt.h"

#include <csignal>
#include <initializer_list>

namespace carousel::program {

namespace {

volatile std::sig_atomic_t received = 0;

void install(void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

}  // namespace

Interrupt::Interrupt() {
  received = 0;
  install([](int signal) {
    received = signal;
    install(SIG_DFL);
  });
}

Interrupt::~Interrupt() { install(SIG_DFL); }

bool Interrupt::requested() { return received != 0; }
int Interrupt::exit_code() { return 128 + received; }

}  // namespace carousel::program
