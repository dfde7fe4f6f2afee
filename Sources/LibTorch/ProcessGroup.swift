internal import CLibTorch

/// Several processes, the ranks, that compute together; or one alone.
///
/// Every rank calls the same operations in the same order, with tensors of the same shapes. An operation
/// that another rank does not take part in ends with an error once the time-out is over, and at once
/// where that rank has ended. Alone, every operation leaves things as they are.
///
/// The ranks talk by Gloo, which is part of libtorch; its headers must be there when the package is
/// built. See ``isBuiltIn``.
public final class ProcessGroup {
    /// This process's number, from 0.
    public let rank: Int
    /// The number of processes.
    public let count: Int
    private let handle: clt_group?

    /// Whether this program was built with Gloo, without which there is only one rank.
    public static var isBuiltIn: Bool { clt_has_gloo() }

    /// Whether this program was built with NCCL, by which gradients go from one CUDA device to another;
    /// without it they go by way of the CPU.
    public static var hasNCCL: Bool { clt_has_nccl() }

    /// How to get Gloo into the program, in words.
    public static let cure =
        "install libgloo-dev (Debian's name), run swift package purge-cache, and build again"

    /// A process alone.
    public init() {
        rank = 0
        count = 1
        handle = nil
    }

    /// Meets the other ranks in a ``RendezvousStore`` and connects with them.
    ///
    /// The ranks reach each other at the addresses from which they reach the store; the environment
    /// variable `GLOO_SOCKET_IFNAME` names another network interface.
    ///
    /// - Parameters:
    ///   - rank: this process's number, 0 ..< count.
    ///   - count: the number of processes, the same for all.
    ///   - host: the address of the store.
    ///   - port: its port.
    ///   - session: the same for all ranks, and another one whenever they meet again.
    ///   - timeout: for the meeting, and then for each operation.
    /// - Throws: `TorchError` that says which ranks did not come, or which address does not answer.
    public init(
        rank: Int,
        count: Int,
        host: String,
        port: UInt16,
        session: String = "",
        timeout: Duration
    ) throws {
        var handle = clt_group(impl: nil)
        try requireSuccess(
            clt_group_join(
                host,
                port,
                session,
                Int32(clamping: rank),
                Int32(clamping: count),
                timeout / .seconds(1),
                &handle
            )
        )
        self.rank = rank
        self.count = count
        self.handle = handle
    }

    deinit {
        if let handle { clt_group_free(handle) }
    }

    /// Replaces the gradients of parameters, and other tensors, by their sum over the ranks, each times
    /// the rank's weight; with weights that add up to 1 that is their mean.
    ///
    /// They travel together, in messages of up to 32 MiB.
    ///
    /// - Parameters:
    ///   - parameters: those that have a gradient must be the same on all ranks.
    ///   - values: tensors of floating-point numbers.
    ///   - weight: this rank's.
    public func average(
        gradientsOf parameters: [Tensor] = [],
        and values: [Tensor] = [],
        weight: Double
    ) throws {
        guard let handle else { return }
        try withExtendedLifetime((self, parameters, values)) {
            try requireSuccess(
                clt_average(
                    handle,
                    parameters.map(\.handle),
                    Int32(parameters.count),
                    values.map(\.handle),
                    Int32(values.count),
                    weight
                )
            )
        }
    }

    /// Overwrites tensors by those of one rank.
    public func broadcast(_ tensors: [Tensor], from root: Int = 0) throws {
        guard let handle else { return }
        try withExtendedLifetime((self, tensors)) {
            let handles = tensors.map(\.handle)
            try requireSuccess(
                clt_broadcast(handle, handles, Int32(handles.count), Int32(clamping: root))
            )
        }
    }

    /// The sum of a tensor over the ranks; the gradient of the sum is that of all ranks' losses
    /// together.
    public func sum(of tensor: Tensor) throws -> Tensor {
        guard let handle else { return tensor }
        return try withExtendedLifetime(self) {
            try tensor.unary { clt_sum_over_ranks(handle, $0, $1) }
        }
    }

    /// Waits until all ranks have come here.
    public func barrier() throws {
        guard let handle else { return }
        try withExtendedLifetime(self) { try requireSuccess(clt_barrier(handle)) }
    }
}

/// The place where ranks meet: a small key-value store in the process of rank 0, or of what starts the
/// ranks. It must live as long as they meet.
public final class RendezvousStore {
    /// The port that it listens at.
    public let port: UInt16
    private let handle: clt_store

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - port: 0 for any that is free.
    ///   - isLocal: whether only processes of this machine can reach it.
    ///   - timeout: for opening it.
    /// - Throws: `TorchError` if the port is in use, or cannot be opened.
    public init(port: UInt16 = 0, isLocal: Bool = false, timeout: Duration = .seconds(60)) throws {
        var handle = clt_store(impl: nil)
        var opened: UInt16 = 0
        try requireSuccess(clt_store_host(port, isLocal, timeout / .seconds(1), &handle, &opened))
        self.handle = handle
        self.port = opened
    }

    deinit {
        clt_store_free(handle)
    }
}

/// Throws what the boundary said, if it failed: these messages are its own, not libtorch's.
private func requireSuccess(_ status: clt_status) throws {
    guard status == clt_status(CLT_OK) else {
        throw TorchError(String(cString: clt_last_error()))
    }
}
