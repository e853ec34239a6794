// Descriptor: an open file, closed on every way out.
#pragma once

#include <unistd.h>

#include <utility>

namespace carousel {

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}  // −1: none
  Descriptor(Descriptor&& other) noexcept : number_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }

  operator int() const { return number_; }
  int release() { return std::exchange(number_, -1); }

 private:
  int number_;
};

}  // namespace carousel
