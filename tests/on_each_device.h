// What is asked of every device. Such tests belong to the suite "devices", which also runs with the
// CUDA kernels on the executor.
#pragma once

#include <doctest/doctest.h>

#include "core/device.h"

namespace carousel {

// Calls body(device) for every device that this build and machine have, the cpu first.
template <class Body>
void on_each_device(const Body& body) {
  for (const Device device : available_devices()) {
    INFO("device ", name(device));
    body(device);
  }
}

}  // namespace carousel
