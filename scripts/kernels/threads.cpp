// OpenMP's parallel loop by plain threads: those of OpenMP wait for each other by means that the
// thread sanitizer does not see.

#include <thread>
#include <vector>

extern "C" void GOMP_parallel(void (*body)(void *), void *context, unsigned threads, unsigned) {
    std::vector<std::thread> others;
    for (unsigned i = 1; i < threads; ++i) others.emplace_back(body, context);
    body(context);
    for (auto &other : others) other.join();
}
