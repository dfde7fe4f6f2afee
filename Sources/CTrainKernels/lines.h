// Numbers that begin at a cache line, so that no register is read or written across two.

#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace ctk {

template <typename Number>
struct LineAllocator {
    using value_type = Number;

    LineAllocator() = default;
    template <typename Other>
    LineAllocator(const LineAllocator<Other> &) {}

    Number *allocate(size_t count) {
        return static_cast<Number *>(::operator new(count * sizeof(Number), line));
    }
    void deallocate(Number *numbers, size_t) { ::operator delete(numbers, line); }
    bool operator==(const LineAllocator &) const { return true; }

  private:
    static constexpr std::align_val_t line{64};
};

template <typename Number>
using Lines = std::vector<Number, LineAllocator<Number>>;

}  // namespace ctk
