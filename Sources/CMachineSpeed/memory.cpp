#include <cstring>
#include <memory>
#include <new>

#include "cmachinespeed.h"
#include "together.h"

namespace {

typedef int64_t Line __attribute__((vector_size(64)));

// Memory of each thread, written once so that it is there.
std::vector<std::unique_ptr<Line[]>> make_memory(int32_t threads, int64_t lines) {
    std::vector<std::unique_ptr<Line[]>> memory;
    for (int32_t i = 0; i < threads; ++i) {
        memory.emplace_back(new (std::nothrow) Line[lines]);
        if (!memory.back()) return {};
        std::memset(static_cast<void *>(memory.back().get()), i + 1, lines * sizeof(Line));
    }
    return memory;
}

}  // namespace

double cms_read_bandwidth(int32_t threads, int64_t bytes) {
    int64_t lines = bytes / static_cast<int64_t>(sizeof(Line));
    auto memory = make_memory(threads, lines);
    if (memory.empty()) return 0;
    return together(threads, static_cast<double>(lines * sizeof(Line)), [&](int32_t number) {
        Line sums[4] = {};
        const Line *line = memory[number].get();
        for (int64_t i = 0; i + 4 <= lines; i += 4) {
            for (int j = 0; j < 4; ++j) sums[j] += line[i + j];
        }
        [[maybe_unused]] volatile int64_t sink = (sums[0] + sums[1] + sums[2] + sums[3])[0];
    });
}

double cms_copy_bandwidth(int32_t threads, int64_t bytes) {
    int64_t lines = bytes / static_cast<int64_t>(sizeof(Line)) / 2;
    auto memory = make_memory(threads, 2 * lines);
    if (memory.empty()) return 0;
    return together(threads, 2.0 * lines * sizeof(Line), [&](int32_t number) {
        Line *line = memory[number].get();
        std::memcpy(static_cast<void *>(line + lines), line, lines * sizeof(Line));
    });
}
