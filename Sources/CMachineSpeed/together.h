// What several threads do in a second.

#pragma once

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <system_error>
#include <thread>
#include <vector>

// Every thread calls body(number), all beginning at the same moment; the best of several times.
// Returns the amounts of all threads a second, or 0 if they cannot be started.
template <typename Body>
double together(int32_t threads, double amount, const Body &body) {
    using Clock = std::chrono::steady_clock;
    double best = 0;
    for (int attempt = 0; attempt < 12; ++attempt) {
        std::barrier begin(threads);
        std::vector<Clock::time_point> begins(threads), ends(threads);
        auto work = [&](int32_t number) {
            begin.arrive_and_wait();
            begins[number] = Clock::now();
            body(number);
            ends[number] = Clock::now();
        };
        std::vector<std::thread> others;
        try {
            for (int32_t i = 1; i < threads; ++i) others.emplace_back(work, i);
        } catch (const std::system_error &) {
            for (int32_t i = others.size(); i < threads; ++i) begin.arrive_and_drop();
            for (auto &other : others) other.join();
            return 0;
        }
        work(0);
        for (auto &other : others) other.join();
        std::chrono::duration<double> time = *std::max_element(ends.begin(), ends.end()) -
                                             *std::min_element(begins.begin(), begins.end());
        best = std::max(best, threads * amount / time.count());
    }
    return best;
}
