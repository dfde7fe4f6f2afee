#include "nccl_backend.h"

#include "boundary.h"

#if defined(USE_C10D_GLOO) && defined(USE_C10D_NCCL)

#include <stdlib.h>
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>

namespace clt {

bool has_nccl() { return true; }

c10::intrusive_ptr<c10d::Backend> make_nccl_backend(c10::intrusive_ptr<c10d::Store> store,
                                                    int32_t rank, int32_t size,
                                                    std::chrono::milliseconds timeout) {
    // A lost rank is to be an error of whoever waits for it, as with Gloo, not the end of the
    // process.
    setenv("TORCH_NCCL_BLOCKING_WAIT", "1", 0);
    auto options = c10d::ProcessGroupNCCL::Options::create();
    options->timeout = timeout;
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(std::move(store), rank, size, options);
}

}  // namespace clt

#else

namespace clt {

bool has_nccl() { return false; }

#ifdef USE_C10D_GLOO
c10::intrusive_ptr<c10d::Backend> make_nccl_backend(c10::intrusive_ptr<c10d::Store>, int32_t,
                                                    int32_t, std::chrono::milliseconds) {
    TORCH_CHECK(false, "this program was built without NCCL");
}
#endif

}  // namespace clt

#endif

bool clt_has_nccl(void) { return clt::has_nccl(); }
