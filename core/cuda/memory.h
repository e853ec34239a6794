// The device's memory as the host sees it. Every build has these functions; in one without CUDA
// the device is missing, and no other function may be called.
#pragma once

#include <cstddef>
#include <string>

namespace carousel::cuda {

// What keeps this program from using a GPU, as the end of a sentence; empty when nothing does.
const std::string& missing();

// At a multiple of 256 bytes; null when the device has no memory left.
void* allocate(std::size_t bytes);
void release(void* memory);

// In the one stream, after all that was asked of the device before. Between host and device: when
// these return, the host's memory has been read or written. Throw Error when the device fails.
void copy_to_device(void* to, const void* from, std::size_t bytes);
void copy_to_host(void* to, const void* from, std::size_t bytes);
void copy(void* to, const void* from, std::size_t bytes);

// Host memory that the device copies from and to by itself. Throws Error when there is none left.
void* allocate_pinned(std::size_t bytes);
void release_pinned(void* memory);

// Copies between such memory and the device's. Asynchronous: until they are done, the host leaves
// alone what they read and write.
void send(void* to, const void* pinned, std::size_t bytes);
void fetch(void* pinned, const void* from, std::size_t bytes);

// n elements of `size` bytes each, at most 8, become equal to the one on the host. Asynchronous.
void fill(void* memory, const void* element, std::size_t size, std::size_t n);

// Waits until the device has done all that it was asked to. Throws Error when it failed.
void synchronize();

}  // namespace carousel::cuda
