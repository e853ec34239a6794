// CUDA's names for the executor in tests/simt, so that .cu files compile as plain C++.
#pragma once

#include <simt/device.h>
#include <simt/language.h>
#include <simt/launch.h>
#include <simt/math.h>
#include <simt/runtime.h>
#include <simt/shared_pointer.h>
