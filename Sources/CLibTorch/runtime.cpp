// The library and the machine: versions, threads, check sums, the message of the last error.

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <c10/util/hash.h>
#include <dlfcn.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "boundary.h"

namespace clt {

static thread_local std::string last_error;

void set_last_error(const char *message) {
    // One line: what libtorch prints after the first line break is for its own developers.
    last_error = message;
    auto end = last_error.find('\n');
    if (end != std::string::npos) last_error.resize(end);
}

}  // namespace clt

const char *clt_last_error(void) { return clt::last_error.c_str(); }

const char *clt_compiled_version(void) { return TORCH_VERSION; }

const char *clt_loaded_version(void) {
    // at::show_config is compiled into the library, so it names the loaded version.
    static const std::string version = [] {
        std::string config = at::show_config();
        auto start = config.find("TORCH_VERSION=");
        if (start == std::string::npos) return std::string(TORCH_VERSION);
        start += 14;
        return config.substr(start, config.find_first_of(", \n", start) - start);
    }();
    return version.c_str();
}

const char *clt_library_path(void) {
    Dl_info info;
    auto address = reinterpret_cast<void *>(&at::show_config);
    if (dladdr(address, &info) == 0 || info.dli_fname == nullptr) return "";
    return info.dli_fname;
}

const char *clt_cpu_capability(void) {
    static const std::string capability = at::get_cpu_capability();
    return capability.c_str();
}

int32_t clt_thread_count(void) { return at::get_num_threads(); }

clt_status clt_set_thread_count(int32_t count) {
    return clt::guard([&] {
        TORCH_CHECK(count >= 1, "the number of threads must be at least 1, not ", count);
        at::set_num_threads(count);
    });
}

void clt_keep_freed_memory(void) {
#ifdef __GLIBC__
    // Whoever tunes the allocator knows better.
    for (auto name : {"MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_", "MALLOC_TOP_PAD_",
                      "MALLOC_MMAP_MAX_", "GLIBC_TUNABLES"}) {
        if (getenv(name) != nullptr) return;
    }
    // A step frees as much as the next one allocates: without this, each of its large tensors would
    // be mapped, filled with zeros page by page, and unmapped.
    // Older versions allow no more than 32 MiB.
    if (mallopt(M_MMAP_THRESHOLD, 1 << 30) == 0) mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    mallopt(M_TOP_PAD, 64 << 20);
#endif
}

clt_status clt_sha1(const void *bytes, int64_t count, char out_hex[41]) {
    return clt::guard([&] {
        c10::sha1 digest(std::string(static_cast<const char *>(bytes), static_cast<size_t>(count)));
        // c10::sha1 starts from zeros, which is wrong, when the string is empty.
        if (count == 0) digest.reset();
        auto hex = digest.str();
        TORCH_CHECK(hex.size() == 40, "a SHA-1 has 40 digits, not ", hex.size());
        hex.copy(out_hex, 40);
        out_hex[40] = 0;
    });
}
