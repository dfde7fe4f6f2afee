// Messages between CUDA devices, where the package was built with the headers of CUDA and NCCL.

#pragma once

#include <chrono>

#ifdef USE_C10D_GLOO
#include <torch/csrc/distributed/c10d/Backend.hpp>
#include <torch/csrc/distributed/c10d/Store.hpp>
#endif

namespace clt {

bool has_nccl();

#ifdef USE_C10D_GLOO
// An error without NCCL.
c10::intrusive_ptr<c10d::Backend> make_nccl_backend(c10::intrusive_ptr<c10d::Store> store,
                                                    int32_t rank, int32_t size,
                                                    std::chrono::milliseconds timeout);
#endif

}  // namespace clt
