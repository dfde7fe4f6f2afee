// OpenMP's parallel loop by plain threads: those of OpenMP wait for each other by means that the
// thread sanitizer does not see.

#include <thread>
#include <vector>

namespace {
thread_local int number = 0;
}

extern "C" int omp_get_thread_num() { return number; }

extern "C" void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned) {
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i) {
        others.emplace_back([=] {
            number = static_cast<int>(i);
            body(context);
        });
    }
    body(context);
    for (auto &other : others) other.join();
}
