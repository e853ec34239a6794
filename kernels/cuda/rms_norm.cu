// Layer norm without a mean.

#include "kernels/cuda/cuda.h"
#include "kernels/rms_norm.h"

namespace carousel::cuda {

template <class Real>
void rms_norm_forward(const RmsNormForward<Real>& a) {
  layer_norm_forward(LayerNormForward<Real>{.x = a.x,
                                            .weight = a.weight,
                                            .bias = a.bias,
                                            .y = a.y,
                                            .mean = nullptr,
                                            .rstd = a.rrms,
                                            .N = a.N,
                                            .G = a.G,
                                            .C = a.C,
                                            .eps = a.eps,
                                            .weight_offset = a.weight_offset});
}

template <class Real>
void rms_norm_backward(const RmsNormBackward<Real>& a) {
  layer_norm_backward(LayerNormBackward<Real>{.dy = a.dy,
                                              .x = a.x,
                                              .weight = a.weight,
                                              .mean = nullptr,
                                              .rstd = a.rrms,
                                              .dx = a.dx,
                                              .dweight = a.dweight,
                                              .dbias = a.dbias,
                                              .N = a.N,
                                              .G = a.G,
                                              .C = a.C,
                                              .weight_offset = a.weight_offset});
}

template void rms_norm_forward(const RmsNormForward<float>&);
template void rms_norm_forward(const RmsNormForward<double>&);
template void rms_norm_forward(const RmsNormForward<bf16>&);
template void rms_norm_backward(const RmsNormBackward<float>&);
template void rms_norm_backward(const RmsNormBackward<double>&);
template void rms_norm_backward(const RmsNormBackward<bf16>&);

}  // namespace carousel::cuda
