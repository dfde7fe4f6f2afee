// Layers that go through blocks row by row; see ctrainkernels.h for what the functions of the same
// purpose do.

#pragma once

#include "ctrainkernels.h"
#include "examples.h"
#include "planes.h"
#include "team.h"

namespace ctk {

// Calls body(block, y) for every row of every block.
template <typename Body>
void for_each_block_row(ctk_team *team, const ctk_planes &planes, const Body &body) {
    // Small rows are handed out several at a time.
    int64_t grain = 1 + 128 / (row_length(planes) + 1);
    team->run(block_count(planes.channels) * planes.height, grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) body(i / planes.height, i % planes.height);
    });
}

// The factors of the blocks of a normalisation that has seen a minibatch, in memory of the calling
// thread, until it asks again.
BlockNormalization *block_factors(const ctk_normalization &normalization, const ctk_planes &planes);
// The same for one that has its running statistics.
BlockNormalization *block_factors_as_trained(const ctk_normalization &normalization,
                                             const ctk_planes &planes);

// The same for one that takes the statistics of the input.
BlockNormalization *take_block_statistics(ctk_team *team, const ctk_normalization &normalization,
                                          const ctk_planes &input);

void blocks_from_examples(ctk_team *team, const Examples &examples, const ctk_planes &planes);
void examples_from_blocks(ctk_team *team, const ctk_planes &planes, float *examples);

// Of the numbers of a unit, over one row of a block.
struct BlockSums {
    double values[block_channels] = {};
};

// The sums of the channels from those of all rows of all blocks, [blocks][height].
void add_block_sums(const ctk_planes &planes, const BlockSums *rows, float *sums);
void block_channel_sums(ctk_team *team, const ctk_planes &planes, float *sums);

void normalize_blocks(ctk_team *team, const ctk_normalization &normalization,
                      ctk_activation activation, const ctk_planes &input, const ctk_planes &output);
void normalize_blocks_as_trained(ctk_team *team, const ctk_normalization &normalization,
                                 ctk_activation activation, const ctk_planes &input,
                                 const ctk_planes &output);
void block_normalization_gradient(ctk_team *team, const ctk_normalization &normalization,
                                  ctk_activation activation, const ctk_planes &input,
                                  const ctk_planes &gradient, const ctk_planes *added,
                                  const ctk_slope_sums *sums, float *weight_gradient,
                                  float *bias_gradient, const ctk_planes &input_gradient);

void average_pool_blocks(ctk_team *team, const ctk_planes &input, const ctk_planes &output);
void block_average_pool_gradient(ctk_team *team, const ctk_planes &output_gradient,
                                 const ctk_planes &input_gradient);

}  // namespace ctk
