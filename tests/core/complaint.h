// Sentences of errors.
#pragma once

#include <string>

#include "core/error.h"
#include "tests/core/temporary_directory.h"

namespace carousel {

// What an action complains about, with the directory cut out of the sentence.
template <class Action>
std::string complaint(const TemporaryDirectory& directory, const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    std::string sentence = error.what();
    const std::string prefix = directory.path().string() + "/";
    for (auto at = sentence.find(prefix); at != sentence.npos; at = sentence.find(prefix)) {
      sentence.erase(at, prefix.size());
    }
    return sentence;
  }
  return "nothing";
}

}  // namespace carousel
