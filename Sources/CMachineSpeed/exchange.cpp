#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

#include "cmachinespeed.h"

double cms_round_trip() {
    // With one core, every trip would wait for the system to change threads.
    if (std::thread::hardware_concurrency() < 2) return 0;
    using Clock = std::chrono::steady_clock;
    // The first ones wait for the other thread to begin.
    constexpr int64_t first_trips = 100, trips = 2000;
    std::array<double, 9> times;
    struct alignas(64) Line {
        std::atomic<int64_t> turn{0};
    } line;
    // Every second turn from one on.
    auto play = [&](int64_t turn, int64_t count) {
        for (int64_t end = turn + 2 * count; turn < end; turn += 2) {
            while (line.turn.load(std::memory_order_acquire) != turn) continue;
            line.turn.store(turn + 1, std::memory_order_release);
        }
    };
    for (double &time : times) {
        line.turn.store(0);
        try {
            std::thread other(play, 1, first_trips + trips);
            play(0, first_trips);
            auto begin = Clock::now();
            play(2 * first_trips, trips);
            time = std::chrono::duration<double>(Clock::now() - begin).count() / trips;
            other.join();
        } catch (const std::system_error &) {
            return 0;
        }
    }
    std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
    return times[times.size() / 2];
}
