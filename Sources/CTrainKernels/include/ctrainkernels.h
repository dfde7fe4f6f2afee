// Kernels for training on CPUs: the arithmetic of one step, in single precision.
//
// Every function does one thing and returns when it is done. The caller owns all memory but a
// little that threads keep for themselves. Results do not depend on the number of threads: each
// number is computed by one thread, in one order. Nothing is checked here: sizes that do not fit
// are the caller's mistake.
//
// Hidden states of a minibatch are planes, with the examples innermost:
//
//   planes   [channels][height][border + width + border][batch]
//
//   one row of one channel, batch of 3, width 2, border 1:
//
//   ┌─────────┬─────────┬─────────┬─────────┐
//   │ 0  0  0 │ a₀ a₁ a₂│ b₀ b₁ b₂│ 0  0  0 │   a, b: pixels; ₀ ₁ ₂: examples
//   └─────────┴─────────┴─────────┴─────────┘
//
// A register holds neighbouring pixels of several examples, so that any width and any batch fill
// it. A tap of a convolution is the same row, begun a whole pixel earlier or later, and reads the
// zeros of the border at the ends. What a layer of units makes is planes of one pixel:
// [units][batch].
//
// Rows of planes may be split: columns 0, 2, 4, … first and then 1, 3, 5, …, counted with the
// border. A convolution of stride 2 then reads, and its gradient writes, neighbours in memory.
//
// Or hidden states are blocks of bfloat16, with 32 channels innermost:
//
//   blocks   [(channels + 31) / 32][height][border + width + border][batch][32]
//
//   ┌──────────────────┬──────────────────┬──────────────────┐
//   │ c₀ c₁ c₂ … c₃₁   │ c₀ c₁ c₂ … c₃₁   │ c₀ c₁ c₂ … c₃₁   │   a pixel, batch of 3
//   └──────────────────┴──────────────────┴──────────────────┘
//
// The 32 numbers of an example at a pixel are a position; 16 where there are no more channels, and
// an even number of examples. Channels that there are none of are 0. A pixel has an even number of
// positions; one that belongs to no example is a number that does not matter in values, and 0 in
// gradients. Every function for planes takes blocks too, where all of its planes are such; the
// average pool and logits are planes.

#ifndef CTRAINKERNELS_H
#define CTRAINKERNELS_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// ---- Threads and instructions ----

typedef enum ctk_instructions {
    CTK_PORTABLE = 0,
    CTK_AVX2 = 1,
    CTK_AVX512 = 2,
    CTK_AVX512_BF16 = 3,
    // Products of bfloat16 by AMX, and the same on any CPU, slowly, for tests.
    CTK_AMX = 4,
    CTK_EMULATED_AMX = 5,
} ctk_instructions;

// The best that this CPU has, and that MANIFOLD_MIXUP_INSTRUCTIONS (portable, avx2, avx512,
// avx512-bf16 or amx) allows where it is set.
ctk_instructions ctk_best_instructions(void);
// "AMX with bfloat16", "AVX-512 with bfloat16", "AVX-512", "AVX2" or "portable".
const char *ctk_instructions_name(ctk_instructions instructions);

// Threads of the process's OpenMP that share the work of one function, and the instructions that
// they use.
typedef struct ctk_team ctk_team;

// NULL if there is no memory. Without an OpenMP in the process, such as the one that libtorch
// brings, the caller is the only thread. Instructions that the CPU lacks are replaced by the best
// that it has.
ctk_team *ctk_team_new(int32_t threads, ctk_instructions instructions);
void ctk_team_free(ctk_team *team);
// Calls body(context), and has the other threads wait for nothing but this team's work until it
// returns: functions within it start sooner. With more threads than cores it calls, and no more.
void ctk_team_together(ctk_team *team, void (*body)(void *context), void *context);
// The name of the instructions that it uses.
const char *ctk_team_instructions(const ctk_team *team);
// The number of floats in one of their registers.
int64_t ctk_team_lanes(const ctk_team *team);
// Whether products of bfloat16 are faster than those of floats, and whether they are made in tiles.
bool ctk_team_has_bfloat16(const ctk_team *team);
bool ctk_team_has_tiles(const ctk_team *team);

// ---- Memory ----

// Zeros, aligned to cache lines; NULL if there is no memory.
float *ctk_allocate(int64_t count);
void ctk_release(float *elements);

typedef struct ctk_planes {
    // Floats, or pairs of bfloat16 in blocks.
    float *elements;
    int64_t channels, height, width, border, batch;
    // From one pixel, one row, and one channel or block, to the next; in elements, or positions.
    int64_t pitch, row, channel;
    bool is_split, is_blocked;
    // Of blocks: memory of ctk_moments_size numbers for the moments of every row, which a
    // convolution leaves there for batch normalisation; or NULL. The batch must be even.
    float *moments;
} ctk_planes;

// Planes or blocks without memory. Channels lie an odd number of cache lines apart, so that they do
// not push each other out of a cache.
ctk_planes ctk_planes_of(int64_t channels, int64_t height, int64_t width, int64_t border,
                         int64_t batch, bool is_split, bool is_blocked);
// The number of elements to allocate, with some behind the last one that may be read.
int64_t ctk_planes_size(const ctk_planes *planes);

int64_t ctk_moments_size(const ctk_planes *planes);

// Who is mixed with whom, for each of the examples.
typedef struct ctk_mix {
    // The partner of each example, and the example whose partner it is.
    const int32_t *order, *inverse;
    // The weight of each example in its own mix; its partner has the rest.
    const float *weights;
} ctk_mix;

// Examples [batch][channels · height · width].
typedef struct ctk_examples {
    // Their numbers; or, where that is NULL, bytes of which they are some rows, and the number that
    // each of 256 stands for in each channel.
    const float *numbers;
    const uint8_t *bytes;
    const int64_t *rows;
    const float *table;
    // The bytes of a channel of one example.
    int64_t channel_size;
} ctk_examples;

// Examples as planes, mixed first unless `mix` is NULL; and back.
void ctk_planes_from_examples(ctk_team *team, const ctk_examples *examples, const ctk_mix *mix,
                              const ctk_planes *planes);
void ctk_examples_from_planes(ctk_team *team, const ctk_planes *planes, float *examples);

// Images [batch][channels][height][width] as blocks without a border, whose channels are what a
// filter of 3 × 3 sees, [channels · 9] numbers with zeros around the image: its convolution is then
// one of 1 × 1 with the same weights. The images are mixed first unless `mix` is NULL.
void ctk_patches_from_examples(ctk_team *team, const ctk_examples *examples, const ctk_mix *mix,
                               int64_t channels, const ctk_planes *patches);

// Planes with the channels innermost, [height · row][pitch], the border included; for the gradient
// of weights. The pitch is the number of channels rounded up to 16, and beyond 112 to an odd
// multiple of that. Of blocks, neighbouring positions as pairs, [block][height · row / 2 and 16
// more][16 or 32].
void ctk_transpose_planes(ctk_team *team, const ctk_planes *planes, float *positions);
int64_t ctk_positions_size(const ctk_planes *planes);

// The rows of planes with their columns in another order: one of the two is split.
void ctk_reorder_columns(ctk_team *team, const ctk_planes *input, const ctk_planes *output);

// ---- Layers ----

typedef enum ctk_activation {
    CTK_IDENTITY = 0,
    CTK_RELU = 1,
    // 0.01 · x below 0.
    CTK_LEAKY_RELU = 2,
    CTK_TANH = 3,
} ctk_activation;

// Batch normalisation of every channel. Input or output may be split, and then the other need not
// be.
typedef struct ctk_normalization {
    const float *weight, *bias;
    float *running_mean, *running_variance;
    // Mean and 1 / √(variance + epsilon) of the minibatch, one for each channel, from the forward
    // pass for the backward pass.
    float *mean, *inverse_deviation;
    double momentum, epsilon;
} ctk_normalization;

// Sums over the slopes of one normalisation, which a convolution that makes the slopes may leave
// for it: of blocks with an even batch, that lie as the normalisation's input does.
typedef struct ctk_slope_sums {
    const ctk_normalization *normalization;
    ctk_activation activation;
    const ctk_planes *input;
    // Memory of ctk_slope_sums_size numbers.
    float *sums;
} ctk_slope_sums;
int64_t ctk_slope_sums_size(const ctk_planes *input);

// What ctk_normalize makes of blocks, where it is not there.
typedef struct ctk_normalized {
    const ctk_normalization *normalization;
    ctk_activation activation;
    const ctk_planes *input;
} ctk_normalized;

// A step of stochastic gradient descent.
typedef struct ctk_descent {
    double learning_rate, momentum, weight_decay;
    bool nesterov;
} ctk_descent;

// What takes such a step; without momentum `momenta` is NULL.
typedef struct ctk_update {
    ctk_descent descent;
    float *parameters, *momenta;
} ctk_update;

// A convolution with square filters of 1 × 1 or 3 × 3, padded to keep the size at stride 1; a layer
// of units is one of 1 × 1 on planes of one pixel. weights[o · output + i · input + t · tap]
// belongs to output channel o, input channel i and tap t, which counts through the filter row by
// row.
typedef struct ctk_filter {
    const float *weights;
    int64_t output, input, tap;
    int64_t kernel_size, stride;
    // Of blocks: whether it is computed by Winograd's filtering, as ctk_is_winograd says.
    bool is_winograd;
    // Of a layer of units in blocks, forward, with weights that are not arranged: memory for
    // ctk_own_weights_size numbers, in which each thread arranges those of the block that it
    // computes. Otherwise NULL.
    float *own_weights;
} ctk_filter;

// output = filter ∗ input + bias + added; bias and added may be NULL, and `added` may be the
// output. Filters of 3 × 3 need a border of 1 in the input; stride 2 needs split input. Weights for
// blocks are those of ctk_arrange_block_weights. Of a layer of units, the output of blocks may be
// planes, to which nothing is added; they are not rounded.
void ctk_convolve(ctk_team *team, const ctk_filter *filter, const float *bias,
                  const ctk_planes *input, const ctk_planes *added, const ctk_planes *output);

// ctk_convolve for blocks, and ctk_normalize_as_trained of what it makes, in one go. The output may
// be NULL where only what is normalised is wanted; both lie alike.
void ctk_convolve_and_normalize(ctk_team *team, const ctk_filter *filter, const float *bias,
                                const ctk_planes *input, const ctk_planes *added,
                                const ctk_planes *output, const ctk_normalization *normalization,
                                ctk_activation activation, const ctk_planes *normalized);

// ctk_normalize, and ctk_convolve of what it makes, in one go: of blocks, at stride 1. What is
// normalised is not kept, but for the rows that a filter reads at once: for each thread in
// `scratch`, of ctk_kept_rows_size numbers. It pays where images are large, and by Winograd's
// filtering, which keeps nothing.
void ctk_normalize_and_convolve(ctk_team *team, const ctk_normalized *input,
                                const ctk_filter *filter, const float *bias,
                                const ctk_planes *added, const ctk_planes *output, float *scratch);
int64_t ctk_kept_rows_size(const ctk_team *team, const ctk_filter *filter, const ctk_planes *input);
bool ctk_keeps_rows(const ctk_planes *input);

// Weights [outputs][inputs][taps] in the order in which a product reads them: as
// arranged[output][tap][input], or for the input's gradient arranged[input][tap][output].
void ctk_arrange_weights(ctk_team *team, const float *weights, int64_t outputs, int64_t inputs,
                         int64_t taps, bool for_input_gradient, float *arranged);

// The weights of a filter for blocks: [row block][tap][depth block] of tiles of pairs, or of
// Winograd's filtering by F(2 × 2, 3 × 3), [row block][place][depth block].
int64_t ctk_block_weights_size(const ctk_filter *filter, int64_t outputs, int64_t inputs);
void ctk_arrange_block_weights(ctk_team *team, const ctk_filter *filter, int64_t outputs,
                               int64_t inputs, bool for_input_gradient, float *arranged);

int64_t ctk_own_weights_size(const ctk_team *team, int64_t inputs);

// Whether that filtering pays: for a filter of 3 × 3 at stride 1 between so many channels, on
// images of such a form.
bool ctk_is_winograd(const ctk_team *team, const ctk_filter *filter, int64_t outputs,
                     int64_t inputs, const ctk_planes *images);

// The gradient of the input, or where `accumulates`, it added to what is there. Filters of 3 × 3
// need a border of 1 in output_gradient; stride 2 gives split planes. `sums` may be NULL.
void ctk_convolution_input_gradient(ctk_team *team, const ctk_filter *filter,
                                    const ctk_planes *output_gradient,
                                    const ctk_planes *input_gradient, bool accumulates,
                                    const ctk_slope_sums *sums);

// The gradient of the weights, as gradient[(o · inputs + i) · taps + t], from the input as
// ctk_transpose_planes gives it. `scratch` holds ctk_weight_gradient_scratch numbers. Of blocks,
// and unless bias_gradient is NULL, also the sums of the output gradient's channels.
void ctk_convolution_weight_gradient(ctk_team *team, const ctk_filter *filter,
                                     const ctk_planes *input, const float *positions,
                                     const ctk_planes *output_gradient, float *scratch,
                                     float *gradient, float *bias_gradient);
// The same of a layer of units in blocks, whose weights take their step of descent while their
// gradient is in the cache; it is not kept. Whatever else needs the weights comes before. `scratch`
// holds ctk_units_descent_scratch numbers.
void ctk_units_descent(ctk_team *team, const ctk_filter *filter, const ctk_planes *input,
                       const float *positions, const ctk_planes *output_gradient, float *scratch,
                       const ctk_update *update, float *bias_gradient);
int64_t ctk_units_descent_scratch(const ctk_team *team, const ctk_filter *filter,
                                  const ctk_planes *input, const ctk_planes *output_gradient);
// The same of blocks, for an input that ctk_normalize makes; `input` says how it would lie. It is
// not kept either, which pays where ctk_keeps_gradient_rows says so. By Winograd's filtering,
// positions may be NULL: it reads the input itself.
void ctk_normalized_weight_gradient(ctk_team *team, const ctk_filter *filter,
                                    const ctk_normalized *normalized, const ctk_planes *input,
                                    const ctk_planes *output_gradient, float *scratch,
                                    float *gradient, float *bias_gradient);
bool ctk_keeps_gradient_rows(const ctk_filter *filter, const ctk_planes *input,
                             const ctk_planes *output_gradient);
int64_t ctk_weight_gradient_scratch(const ctk_team *team, const ctk_filter *filter,
                                    const ctk_planes *input, const ctk_planes *output_gradient);

// ---- Convolutions by Winograd's minimal filtering ----
//
// Filters of 3 × 3 at stride 1 on planes whose height and width are multiples of `tile`, 2 or 4:
// with fewer products, of sums of the input's numbers.

// The filters as they are multiplied, from weights[outputs][inputs][3][3], in memory for
// ctk_winograd_weights_size numbers; rows are output channels and depth input channels, or for the
// input's gradient the reverse.
int64_t ctk_winograd_weights_size(int64_t tile, int64_t rows, int64_t depth);
void ctk_winograd_weights(ctk_team *team, int64_t tile, const float *weights, int64_t outputs,
                          int64_t inputs, bool for_input_gradient, float *arranged);

// output = filter ∗ input + bias + added; bias and added may be NULL, and `added` may be the
// output. With the filters for it, and no bias, also the gradient of the input from that of the
// output. Input planes need a border of 1. `scratch` holds ctk_winograd_scratch numbers.
void ctk_winograd_convolve(ctk_team *team, int64_t tile, const float *arranged, const float *bias,
                           const ctk_planes *input, const ctk_planes *added,
                           const ctk_planes *output, float *scratch);
int64_t ctk_winograd_scratch(const ctk_team *team, int64_t tile, const ctk_planes *input,
                             int64_t outputs);

// The gradient of the weights, as [outputs][inputs][3][3], from the input as ctk_transpose_planes
// gives it. `scratch` holds ctk_winograd_gradient_scratch numbers.
void ctk_winograd_weight_gradient(ctk_team *team, int64_t tile, const ctk_planes *input,
                                  const float *positions, const ctk_planes *output_gradient,
                                  float *scratch, float *gradient);
int64_t ctk_winograd_gradient_scratch(int64_t tile, const ctk_planes *input, int64_t outputs);

// ---- Sums ----

// The sum of every channel.
void ctk_channel_sums(ctk_team *team, const ctk_planes *planes, float *sums);

// In place.
void ctk_activate(ctk_team *team, ctk_activation activation, const ctk_planes *planes);
// Turns the gradient of the activated values into that of the values before, in place.
void ctk_activation_gradient(ctk_team *team, ctk_activation activation, const ctk_planes *activated,
                             const ctk_planes *gradient);

// Normalises with the statistics of the minibatch, and takes them into the running ones; then
// activates (not by CTK_TANH). The variance is the mean square of the distance from the mean.
void ctk_normalize(ctk_team *team, const ctk_normalization *normalization,
                   ctk_activation activation, const ctk_planes *input, const ctk_planes *output);
// The same with the running statistics.
void ctk_normalize_as_trained(ctk_team *team, const ctk_normalization *normalization,
                              ctk_activation activation, const ctk_planes *input,
                              const ctk_planes *output);
// Of blocks, what ctk_transpose_planes would make of the output of ctk_normalize; `output` says how
// that would lie.
void ctk_transpose_normalized(ctk_team *team, const ctk_normalized *normalized,
                              const ctk_planes *output, float *positions);
// The gradients behind ctk_normalize, from its output and the gradient of that, which is turned
// into the gradient before the activation. input_gradient may be the gradient itself.
void ctk_normalization_gradient(ctk_team *team, const ctk_normalization *normalization,
                                ctk_activation activation, const ctk_planes *input,
                                const ctk_planes *output, const ctk_planes *gradient,
                                const ctk_planes *added, const ctk_slope_sums *sums,
                                float *weight_gradient, float *bias_gradient,
                                const ctk_planes *input_gradient);

// The mean of every channel over its pixels, as planes of one pixel, and its gradient.
void ctk_average_pool(ctk_team *team, const ctk_planes *input, const ctk_planes *output);
void ctk_average_pool_gradient(ctk_team *team, const ctk_planes *output_gradient,
                               const ctk_planes *input_gradient);

// sum += input.
void ctk_add(ctk_team *team, const ctk_planes *input, const ctk_planes *sum);
// product = factors · scale · input, element by element; the product may be the input.
void ctk_multiply(ctk_team *team, const ctk_planes *factors, float scale, const ctk_planes *input,
                  const ctk_planes *product);

// ---- Mixing ----

// What is mixed is what the activation makes of the input, which only tanh writes there.
void ctk_mix_planes(ctk_team *team, const ctk_mix *mix, ctk_activation activation,
                    const ctk_planes *input, const ctk_planes *output);
// Turns the gradient of what was mixed into that before the activation, in place; `input` as mixing
// has left it, or NULL without an activation.
void ctk_mix_planes_gradient(ctk_team *team, const ctk_mix *mix, ctk_activation activation,
                             const ctk_planes *input, const ctk_planes *gradient);

// ---- Losses ----

// Targets [batch][classes].
typedef struct ctk_targets {
    // As numbers; or, where those are NULL, 1 for the label of each example and otherwise 0, mixed
    // unless `mix` is NULL.
    const float *numbers;
    const int64_t *labels;
    const ctk_mix *mix;
} ctk_targets;

// Of logits, planes of one pixel [classes][batch], and targets: the loss, and the gradient of the
// logits.
//
// −Σ target · log softmax(logits), averaged over the batch.
double ctk_soft_cross_entropy(ctk_team *team, const ctk_planes *logits, const ctk_targets *targets,
                              const ctk_planes *gradient);
// Binary cross entropy of softmax(logits), averaged over batch and classes; logarithms are clamped
// at −100.
double ctk_softmax_binary_cross_entropy(ctk_team *team, const ctk_planes *logits,
                                        const ctk_targets *targets, const ctk_planes *gradient);

// ---- Descent ----

// Takes a step; gradients are multiplied by `factor` first.
void ctk_descend(ctk_team *team, const ctk_update *update, double factor, const float *gradients,
                 int64_t count);
double ctk_sum_of_squares(ctk_team *team, const float *values, int64_t count);

#ifdef __cplusplus
}
#endif

#endif
