// The C boundary to libtorch.
//
// Conventions, the same for every function:
// - The result is a status, CLT_OK or CLT_ERROR. After CLT_ERROR, clt_last_error() tells why; no
//   C++ exception ever leaves a function of this header.
// - Results come through the last parameters. A handle received that way belongs to the caller, who
//   frees it with the clt_…_free of its type. After an error nothing was written.
// - A handle whose `impl` is NULL stands for an absent tensor where the comment allows one, and is
//   an error elsewhere.
// - Shapes and index lists are (const int64_t *values, int32_t count).

#ifndef CLIBTORCH_H
#define CLIBTORCH_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef int32_t clt_status;
enum { CLT_OK = 0, CLT_ERROR = 1 };

typedef struct clt_tensor {
    void *impl;
} clt_tensor;

typedef struct clt_generator {
    void *impl;
} clt_generator;

// A key-value store of this process, in which ranks find each other.
typedef struct clt_store {
    void *impl;
} clt_store;

// This process's place among several that compute together.
typedef struct clt_group {
    void *impl;
} clt_group;

// Work of a device.
typedef struct clt_recording {
    void *impl;
} clt_recording;

typedef enum clt_dtype {
    CLT_UINT8 = 0,
    CLT_INT64 = 1,
    CLT_FLOAT32 = 2,
    CLT_FLOAT64 = 3,
    CLT_BFLOAT16 = 4,
    CLT_BOOL = 5,
} clt_dtype;

// Where the elements of a tensor are.
typedef enum clt_device_kind {
    CLT_CPU = 0,
    CLT_CUDA = 1,
} clt_device_kind;

typedef struct clt_device {
    clt_device_kind kind;
    // The number of the CUDA device, from 0; 0 for the CPU.
    int32_t index;
} clt_device;

// Why the last function of this thread failed, one line; valid until the next failure there.
const char *clt_last_error(void);

// ---- The library and the machine ----

// The libtorch that the boundary was compiled against, for example "2.13.0".
const char *clt_compiled_version(void);
// The libtorch that is loaded; differs from the above when the library was exchanged.
const char *clt_loaded_version(void);
// The file that the loaded libtorch comes from; empty when the system does not tell.
const char *clt_library_path(void);
// The vector instructions that libtorch chose on this CPU, for example "AVX512".
const char *clt_cpu_capability(void);
int32_t clt_thread_count(void);
clt_status clt_set_thread_count(int32_t count);
// Whether the loaded libtorch was built with CUDA at all.
bool clt_has_cuda_build(void);
// The number of CUDA devices that the driver offers; 0 where there is no driver.
int32_t clt_cuda_device_count(void);
// Waits until a device has done all that was asked of it; nothing to wait for on the CPU.
clt_status clt_synchronize(clt_device device);
// Keeps freed memory for the next allocation instead of giving it back to the system at once;
// without effect where the allocator is not glibc's, or where its own variables are set.
void clt_keep_freed_memory(void);
// The SHA-1 of a byte range as 40 hexadecimal digits and a final zero.
clt_status clt_sha1(const void *bytes, int64_t count, char out_hex[41]);

// ---- Tensors: creation, reading, form ----

void clt_tensor_free(clt_tensor tensor);
// Copies `byte_count` bytes, which must be exactly what the shape and the element type need. To a
// CUDA device they travel by pinned memory while the caller goes on.
clt_status clt_from_bytes(const void *bytes, int64_t byte_count, const int64_t *sizes, int32_t rank,
                          clt_dtype dtype, clt_device device, clt_tensor *out);
clt_status clt_full(const int64_t *sizes, int32_t rank, double value, clt_dtype dtype,
                    clt_device device, clt_tensor *out);
// An error for devices that this boundary does not name.
clt_status clt_device_of(clt_tensor tensor, clt_device *out);
// The tensor on another device, or itself where it is there already. From the CPU to a CUDA device
// it travels as above; from there to the CPU the function waits for it.
clt_status clt_to_device(clt_tensor tensor, clt_device device, clt_tensor *out);
// Moves the elements of this very tensor; its gradient is forgotten if it changes its place.
clt_status clt_move_to_device(clt_tensor tensor, clt_device device);
// Copies the elements, in row-major order, to the host; `byte_count` must match exactly.
clt_status clt_copy_bytes(clt_tensor tensor, void *bytes, int64_t byte_count);
// The only element of a tensor, as a double.
clt_status clt_item(clt_tensor tensor, double *out);
clt_status clt_rank(clt_tensor tensor, int32_t *out);
clt_status clt_sizes(clt_tensor tensor, int64_t *out, int32_t rank);
// An error for element types that this boundary does not name.
clt_status clt_dtype_of(clt_tensor tensor, clt_dtype *out);

// Where the elements lie, in row-major order, as long as the tensor lives and keeps its layout, and
// how many there are. An error unless they are of this type, on the host, and lie one after the
// other.
clt_status clt_elements(clt_tensor tensor, clt_dtype dtype, void **out, int64_t *count);

clt_status clt_to_dtype(clt_tensor tensor, clt_dtype dtype, clt_tensor *out);
clt_status clt_clone(clt_tensor tensor, clt_tensor *out);
clt_status clt_copy_into(clt_tensor source, clt_tensor destination);
// A copy whose channels lie next to each other in memory, for tensors [N, C, H, W]; otherwise, or
// where they do already, the tensor itself.
clt_status clt_channels_last(clt_tensor tensor, clt_tensor *out);
// Moves the elements of this very tensor into that order.
clt_status clt_use_channels_last(clt_tensor tensor);
clt_status clt_reshape(clt_tensor tensor, const int64_t *sizes, int32_t rank, clt_tensor *out);
clt_status clt_transpose(clt_tensor tensor, int64_t first, int64_t second, clt_tensor *out);
clt_status clt_narrow(clt_tensor tensor, int64_t dimension, int64_t start, int64_t length,
                      clt_tensor *out);
// The indices may be on the CPU, wherever the tensor is; so may the orders and boxes of the
// functions below.
clt_status clt_index_select(clt_tensor tensor, int64_t dimension, clt_tensor indices,
                            clt_tensor *out);
clt_status clt_concatenate(const clt_tensor *tensors, int32_t count, int64_t dimension,
                           clt_tensor *out);

// ---- Arithmetic ----

clt_status clt_add(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_subtract(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_multiply(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_divide(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_add_scalar(clt_tensor a, double b, clt_tensor *out);
clt_status clt_multiply_scalar(clt_tensor a, double b, clt_tensor *out);
clt_status clt_matmul(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_exp(clt_tensor a, clt_tensor *out);
clt_status clt_log(clt_tensor a, clt_tensor *out);
clt_status clt_sqrt(clt_tensor a, clt_tensor *out);
clt_status clt_abs(clt_tensor a, clt_tensor *out);
// −1, 0 or 1.
clt_status clt_sign(clt_tensor a, clt_tensor *out);
clt_status clt_digamma(clt_tensor a, clt_tensor *out);
// x · log(y), and 0 where x is 0.
clt_status clt_xlogy(clt_tensor x, clt_tensor y, clt_tensor *out);
// start + weight · (end − start).
clt_status clt_lerp(clt_tensor start, clt_tensor end, double weight, clt_tensor *out);
clt_status clt_lerp_tensor(clt_tensor start, clt_tensor end, clt_tensor weight, clt_tensor *out);
// weight · row + (1 − weight) · the row that `order`, a permutation (int64), puts at its place.
clt_status clt_interpolate_rows(clt_tensor rows, clt_tensor order, double weight, clt_tensor *out);
// The same with everything on the rows' device already: the order and its inverse (int64), which
// are not looked at, and the weight, one number. Nothing waits for the device.
clt_status clt_interpolate_rows_there(clt_tensor rows, clt_tensor order, clt_tensor inverse,
                                      clt_tensor weight, clt_tensor *out);
clt_status clt_maximum(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_minimum(clt_tensor a, clt_tensor b, clt_tensor *out);
clt_status clt_equal_elements(clt_tensor a, clt_tensor b, clt_tensor *out);
// Images [N, C, H, W] whose rows top ..< bottom and columns left ..< right are those of the image
// that `order` (int64, [N]) puts at their place.
clt_status clt_paste_box(clt_tensor images, clt_tensor order, int64_t top, int64_t bottom,
                         int64_t left, int64_t right, clt_tensor *out);
// Images [N, C, H, W] with zeros inside a box of each, cut off at the border; `boxes` (int64,
// [N, 4]) holds top, bottom, left, right.
clt_status clt_erase_boxes(clt_tensor images, clt_tensor boxes, clt_tensor *out);
// Images [N, C, H, W] in another size, by bilinear interpolation with antialiasing.
clt_status clt_resize_images(clt_tensor images, int64_t height, int64_t width, clt_tensor *out);
// Over all dimensions when `count` is 0.
clt_status clt_sum(clt_tensor a, const int64_t *dimensions, int32_t count, bool keep,
                   clt_tensor *out);
clt_status clt_mean(clt_tensor a, const int64_t *dimensions, int32_t count, bool keep,
                    clt_tensor *out);
clt_status clt_argmax(clt_tensor a, int64_t dimension, clt_tensor *out);
clt_status clt_top_indices(clt_tensor a, int64_t count, int64_t dimension, clt_tensor *out);
// Whether shape, element type and every element agree.
clt_status clt_is_equal(clt_tensor a, clt_tensor b, bool *out);

// ---- Matrices ----

// In descending order.
clt_status clt_singular_values(clt_tensor a, clt_tensor *out);
// a = left · diag(values) · right, in the reduced form.
clt_status clt_singular_value_decomposition(clt_tensor a, clt_tensor *left, clt_tensor *values,
                                            clt_tensor *right);

// ---- Neural networks ----

clt_status clt_linear(clt_tensor input, clt_tensor weight, clt_tensor bias_or_null,
                      clt_tensor *out);
// Over [N, C, H, W], with the same stride and padding in both directions.
clt_status clt_conv2d(clt_tensor input, clt_tensor weight, clt_tensor bias_or_null, int64_t stride,
                      int64_t padding, clt_tensor *out);
clt_status clt_relu(clt_tensor a, clt_tensor *out);
clt_status clt_leaky_relu(clt_tensor a, double negative_slope, clt_tensor *out);
clt_status clt_tanh(clt_tensor a, clt_tensor *out);
// Updates the running statistics in place while `training`.
clt_status clt_batch_norm(clt_tensor input, clt_tensor weight_or_null, clt_tensor bias_or_null,
                          clt_tensor running_mean, clt_tensor running_variance, bool training,
                          double momentum, double epsilon, clt_tensor *out);
clt_status clt_softmax(clt_tensor a, int64_t dimension, clt_tensor *out);
clt_status clt_log_softmax(clt_tensor a, int64_t dimension, clt_tensor *out);
clt_status clt_one_hot(clt_tensor labels, int64_t class_count, clt_dtype dtype, clt_tensor *out);
// The mean over all elements; logarithms are clamped at −100.
clt_status clt_binary_cross_entropy(clt_tensor probabilities, clt_tensor targets, clt_tensor *out);

// ---- Gradients ----

clt_status clt_set_requires_gradient(clt_tensor tensor, bool required);
clt_status clt_requires_gradient(clt_tensor tensor, bool *out);
clt_status clt_detach(clt_tensor tensor, clt_tensor *out);
clt_status clt_backward(clt_tensor scalar);
// The result has a NULL impl where there is no gradient yet.
clt_status clt_gradient(clt_tensor tensor, clt_tensor *out_or_null);
clt_status clt_clear_gradient(clt_tensor tensor);
// The tensor's gradient is this one from now on, not a copy.
clt_status clt_set_gradient(clt_tensor tensor, clt_tensor gradient);
// Of the calling thread; both return what held before. Autocast is a matter of one kind of device.
bool clt_set_gradient_mode(bool enabled);
bool clt_set_autocast_bfloat16(clt_device device, bool enabled);

// One step of stochastic gradient descent on every parameter, in place; without momentum
// `momentum_buffers` may be NULL.
clt_status clt_sgd_step(const clt_tensor *parameters, const clt_tensor *gradients,
                        const clt_tensor *momentum_buffers, int32_t count, double learning_rate,
                        double momentum, double weight_decay, bool nesterov);
// One step of Adam, or of AdamW when `decoupled`; `steps` holds one float32 scalar a parameter.
clt_status clt_adam_step(const clt_tensor *parameters, const clt_tensor *gradients,
                         const clt_tensor *first_moments, const clt_tensor *second_moments,
                         const clt_tensor *steps, int32_t count, double learning_rate, double beta1,
                         double beta2, double epsilon, double weight_decay, bool decoupled);
// Scales all gradients by limit / (norm + 1e-6) if that is below 1, where `norm` is the Euclidean
// norm of all of them together; they stay as they are if it is not finite.
clt_status clt_clip_gradients(const clt_tensor *parameters, int32_t count, double limit,
                              double *out_norm);
// Moves each average by `weight` of the way to its value, in place.
clt_status clt_move_averages(const clt_tensor *averages, const clt_tensor *values, int32_t count,
                             double weight);

// ---- Randomness ----
//
// Generators draw on the CPU, also for tensors of other devices: equal seeds give equal numbers
// everywhere.

clt_status clt_generator_new(uint64_t seed, clt_generator *out);
void clt_generator_free(clt_generator generator);
// The whole state as a tensor of bytes.
clt_status clt_generator_state(clt_generator generator, clt_tensor *out);
clt_status clt_generator_set_state(clt_generator generator, clt_tensor state);
clt_status clt_fill_uniform(clt_tensor tensor, double low, double high, clt_generator generator);
clt_status clt_fill_normal(clt_tensor tensor, double mean, double deviation,
                           clt_generator generator);
// Elements are 1 with the given probability, 0 otherwise; shape and type as `like`.
clt_status clt_bernoulli_like(clt_tensor like, double probability, clt_generator generator,
                              clt_tensor *out);
// Doubles uniform in [0, 1).
clt_status clt_draw_uniform(clt_generator generator, double *out, int64_t count);
// Draws of Gamma(concentration, 1).
clt_status clt_draw_gamma(clt_generator generator, double concentration, double *out,
                          int64_t count);
clt_status clt_random_permutation(int64_t count, clt_generator generator, clt_tensor *out);

// ---- Recordings: work of a device that is repeated ----

// Whether the device's work can be recorded by this program.
bool clt_can_record(clt_device device);
// What the calling thread asks of the device from now on is recorded and not done, until the end.
// It must not wait for the device, nor read or write the CPU's memory. What is freed without an end
// is ended first.
clt_status clt_recording_begin(clt_device device, clt_recording *out);
clt_status clt_recording_end(clt_recording recording);
// Does it again, with the same memory.
clt_status clt_recording_repeat(clt_recording recording);
void clt_recording_free(clt_recording recording);

// ---- Ranks: several processes that compute together ----
//
// Every rank calls the same of these functions in the same order, with tensors of the same shapes.

// Whether the boundary was compiled with Gloo; without it, all others here are errors.
bool clt_has_gloo(void);
// Whether it was compiled with NCCL, which sends gradients between CUDA devices; without it, they
// go by way of the CPU.
bool clt_has_nccl(void);
// Opens a store at a port, 0 for any that is free; only for this machine, or for others too.
clt_status clt_store_host(uint16_t port, bool only_local, double timeout_seconds, clt_store *out,
                          uint16_t *out_port);
void clt_store_free(clt_store store);
// Meets the other ranks in the store at host:port, under a name that a later attempt does not
// share. The time-out holds for meeting, and then for each operation of the group.
clt_status clt_group_join(const char *host, uint16_t port, const char *session, int32_t rank,
                          int32_t size, double timeout_seconds, clt_group *out);
void clt_group_free(clt_group group);
// Replaces the gradients of parameters, and values, by the sum over the ranks of each times the
// rank's weight. Parameters without a gradient are passed over; they must be the same on all ranks.
clt_status clt_average(clt_group group, const clt_tensor *parameters, int32_t parameter_count,
                       const clt_tensor *values, int32_t value_count, double weight);
// Overwrites tensors by those of the root.
clt_status clt_broadcast(clt_group group, const clt_tensor *tensors, int32_t count, int32_t root);
// Returns when all ranks have called it.
clt_status clt_barrier(clt_group group);
// The sum of a tensor over the ranks, with a gradient, which is summed over the ranks too.
clt_status clt_sum_over_ranks(clt_group group, clt_tensor value, clt_tensor *out);

#ifdef __cplusplus
}
#endif

#endif
