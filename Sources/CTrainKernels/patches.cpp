// Images as the patches that a filter of 3 × 3 sees, in blocks.

#include <algorithm>

#include "examples.h"
#include "lines.h"
#include "planes.h"
#include "team.h"

namespace {

constexpr int64_t side = 3;

// Rows of the images around one row, [channels · 3][border + width + border][batch].
class Rows {
  public:
    Rows(const ctk_team &team, const ctk::Examples &examples, int64_t channels,
         const ctk_planes &patches)
        : kernels(team.kernels),
          examples(examples),
          channels(channels),
          height(patches.height),
          width(patches.width),
          batch(patches.batch),
          row((width + 2) * batch),
          numbers(channels * side * row) {}

    void take(int64_t y) {
        for (int64_t i = 0; i < channels * side; ++i) {
            int64_t from = y + i % side - 1;
            float *to = numbers.data() + i * row;
            if (from < 0 || from >= height) {
                std::fill_n(to, row, 0.0f);
                continue;
            }
            auto columns = examples.columns((i / side * height + from) * width, width);
            kernels.transpose(columns.elements, columns.row, to + batch, batch, batch, width);
        }
    }

    // The patches around a pixel of all examples, [channels · 9][batch].
    void copy_patches(int64_t x, float *to) const {
        for (int64_t i = 0; i < channels * side; ++i) {
            std::copy_n(numbers.data() + i * row + x * batch, side * batch, to + i * side * batch);
        }
    }

  private:
    const ctk::Kernels &kernels;
    const ctk::Examples &examples;
    const int64_t channels, height, width, batch, row;
    ctk::Lines<float> numbers;
};

}  // namespace

void ctk_patches_from_examples(ctk_team *team, const ctk_examples *given, const ctk_mix *mix,
                               int64_t channels, const ctk_planes *patches) {
    int64_t batch = patches->batch, size = channels * side * side;
    ctk::Examples examples(*team, *given, mix, batch, channels * patches->height * patches->width);
    int64_t rows_at_once = std::max<int64_t>(patches->height / (4 * team->threads), 1);
    team->run(patches->height, rows_at_once, [&](int64_t begin, int64_t end) {
        Rows rows(*team, examples, channels, *patches);
        int64_t numbers = ctk::block_width(*patches);
        ctk::Lines<float> turned(size * batch), positions(batch * numbers);
        for (int64_t y = begin; y < end; ++y) {
            rows.take(y);
            for (int64_t x = 0; x < patches->width; ++x) {
                rows.copy_patches(x, turned.data());
                team->kernels.transpose(turned.data(), batch, positions.data(), numbers, size,
                                        batch);
                team->kernels.blocks->round(positions.data(), ctk::block_pixel(*patches, 0, y, x),
                                            ctk::units(*patches, batch));
            }
        }
    });
}
