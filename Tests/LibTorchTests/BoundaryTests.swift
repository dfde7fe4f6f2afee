import CLibTorch
import Foundation
import Testing

@Suite("The C boundary")
struct BoundaryTests {
    private typealias Unary = @Sendable (clt_tensor, UnsafeMutablePointer<clt_tensor>) -> clt_status

    private static var absent: clt_tensor { clt_tensor(impl: nil) }
    private static var cpu: clt_device { clt_device(kind: CLT_CPU, index: 0) }
    private static let failed = clt_status(CLT_ERROR)
    private static var lastError: String { String(cString: clt_last_error()) }

    /// Every function that takes a tensor and gives one.
    private static let unary: [Unary] = [
        { clt_to_dtype($0, CLT_INT64, $1) }, { clt_clone($0, $1) }, { clt_channels_last($0, $1) },
        { clt_to_device($0, clt_device(kind: CLT_CPU, index: 0), $1) },
        { clt_reshape($0, [1], 1, $1) },
        { clt_transpose($0, 0, 1, $1) }, { clt_narrow($0, 0, 0, 1, $1) },
        { clt_index_select($0, 0, $0, $1) }, { clt_concatenate([$0], 1, 0, $1) },
        { clt_add($0, $0, $1) }, { clt_subtract($0, $0, $1) }, { clt_multiply($0, $0, $1) },
        { clt_divide($0, $0, $1) }, { clt_add_scalar($0, 1, $1) },
        { clt_multiply_scalar($0, 1, $1) }, { clt_matmul($0, $0, $1) }, { clt_exp($0, $1) },
        { clt_log($0, $1) }, { clt_sqrt($0, $1) }, { clt_abs($0, $1) }, { clt_digamma($0, $1) },
        { clt_xlogy($0, $0, $1) }, { clt_lerp($0, $0, 0, $1) }, { clt_lerp_tensor($0, $0, $0, $1) },
        { clt_maximum($0, $0, $1) }, { clt_minimum($0, $0, $1) }, { clt_sign($0, $1) },
        { clt_equal_elements($0, $0, $1) },
        { clt_paste_box($0, $0, 0, 1, 0, 1, $1) }, { clt_erase_boxes($0, $0, $1) },
        { clt_resize_images($0, 1, 1, $1) },
        { clt_sum($0, [], 0, false, $1) }, { clt_mean($0, [], 0, false, $1) },
        { clt_argmax($0, 0, $1) }, { clt_top_indices($0, 1, 0, $1) },
        { clt_linear($0, $0, $0, $1) }, { clt_relu($0, $1) }, { clt_leaky_relu($0, 0, $1) },
        { clt_tanh($0, $1) },
        { clt_batch_norm($0, $0, $0, $0, $0, false, 0, 1, $1) }, { clt_softmax($0, 0, $1) },
        { clt_log_softmax($0, 0, $1) }, { clt_one_hot($0, 1, CLT_FLOAT32, $1) },
        { clt_binary_cross_entropy($0, $0, $1) }, { clt_detach($0, $1) }, { clt_gradient($0, $1) },
    ]

    @Test("Every operation on an absent tensor fails, says so, and writes nothing")
    func absentTensor() {
        for (position, operation) in Self.unary.enumerated() {
            var out = Self.absent
            #expect(operation(Self.absent, &out) == Self.failed, "operation \(position)")
            #expect(Self.lastError == "a tensor is missing")
            #expect(out.impl == nil)
        }
    }

    @Test("Reading, changing and stepping with an absent tensor fails")
    func absentTensorElsewhere() {
        var (number, flag, rank, size, dtype) = (0.0, false, Int32(0), Int64(0), CLT_UINT8)
        var memory: UnsafeMutableRawPointer?
        let absent = Self.absent
        var place = Self.cpu
        let statuses = [
            clt_device_of(absent, &place), clt_move_to_device(absent, Self.cpu),
            clt_item(absent, &number), clt_rank(absent, &rank), clt_sizes(absent, &size, 0),
            clt_elements(absent, CLT_FLOAT32, &memory, &size),
            clt_copy_bytes(absent, nil, 0), clt_dtype_of(absent, &dtype),
            clt_copy_into(absent, absent), clt_is_equal(absent, absent, &flag),
            clt_set_requires_gradient(absent, true), clt_requires_gradient(absent, &flag),
            clt_backward(absent), clt_clear_gradient(absent), clt_use_channels_last(absent),
            clt_clip_gradients([absent], 1, 1, &number),
            clt_move_averages([absent], [absent], 1, 0.5),
            clt_sgd_step([absent], [absent], [absent], 1, 0.1, 0, 0, false),
            clt_adam_step(
                [absent],
                [absent],
                [absent],
                [absent],
                [absent],
                1,
                0.1,
                0.9,
                0.9,
                1e-8,
                0,
                false
            ),
        ]
        #expect(statuses.allSatisfy { $0 == Self.failed })
        #expect(Self.lastError == "a tensor is missing")
    }

    @Test("Drawing from an absent generator fails")
    func absentGenerator() {
        let generator = clt_generator(impl: nil)
        var (tensor, out) = (Self.absent, Self.absent)
        var number = 0.0
        #expect(clt_full([2], 1, 1, CLT_FLOAT32, Self.cpu, &tensor) == clt_status(CLT_OK))
        defer { clt_tensor_free(tensor) }
        let statuses = [
            clt_generator_state(generator, &out), clt_generator_set_state(generator, tensor),
            clt_fill_uniform(tensor, 0, 1, generator), clt_fill_normal(tensor, 0, 1, generator),
            clt_bernoulli_like(tensor, 0.5, generator, &out),
            clt_draw_uniform(generator, &number, 1), clt_draw_gamma(generator, 1, &number, 1),
            clt_random_permutation(3, generator, &out),
        ]
        #expect(statuses.allSatisfy { $0 == Self.failed })
        #expect(Self.lastError == "a generator is missing")
        #expect(out.impl == nil)
    }

    @Test("An absent process group is an error, or the lack of Gloo is")
    func absentGroup() {
        let group = clt_group(impl: nil)
        var out = Self.absent
        let statuses = [
            clt_average(group, nil, 0, nil, 0, 1), clt_broadcast(group, nil, 0, 0),
            clt_barrier(group), clt_sum_over_ranks(group, Self.absent, &out),
        ]
        #expect(statuses.allSatisfy { $0 == Self.failed })
        #expect(out.impl == nil)
        #expect(clt_barrier(group) == Self.failed)
        let reason = clt_has_gloo() ? "a process group is missing" : "built without Gloo"
        #expect(Self.lastError.contains(reason))
    }

    @Test("Freeing what is absent does nothing")
    func freeingNothing() {
        clt_tensor_free(Self.absent)
        clt_generator_free(clt_generator(impl: nil))
        clt_store_free(clt_store(impl: nil))
        clt_group_free(clt_group(impl: nil))
    }

    @Test("An unknown element type is refused")
    func unknownElementType() {
        var out = Self.absent
        #expect(clt_full([1], 1, 0, clt_dtype(rawValue: 77), Self.cpu, &out) == Self.failed)
        #expect(Self.lastError.contains("77"))
        #expect(out.impl == nil)
    }

    @Test("An error belongs to the thread that made it")
    func errorsOfThreads() async {
        var out = Self.absent
        #expect(clt_relu(Self.absent, &out) == Self.failed)
        let elsewhere = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                let before = Self.lastError
                var state = clt_tensor(impl: nil)
                _ = clt_generator_state(clt_generator(impl: nil), &state)
                continuation.resume(returning: [before, Self.lastError])
            }
        }
        #expect(elsewhere == ["", "a generator is missing"])
    }
}
