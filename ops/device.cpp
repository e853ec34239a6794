#include "ops/device.h"

namespace carousel::detail {

void fail_two_devices(const char* op, Device one, Device other) {
  carousel::fail("{}: got tensors on devices {} and {}, want all on one", op, name(one),
                 name(other));
}

}  // namespace carousel::detail
