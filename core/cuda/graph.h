// A CUDA graph: what the stream was asked for, to be done again with one call.
#pragma once

#include <functional>
#include <memory>

namespace carousel::cuda {

class Graph {
 public:
  Graph() = default;

  // Notes what `ask` asks of the device, none of which is done now. Throws Error when that cannot
  // be noted: memory of the device, a wait for it, and copies that wait.
  explicit Graph(const std::function<void()>& ask);

  // Has it done once more, in the stream's order.
  void launch() const;

  explicit operator bool() const { return executable_ != nullptr; }

 private:
  std::shared_ptr<void> executable_;
};

}  // namespace carousel::cuda
