internal import CLibTorch

/// Where the elements of a tensor are, and so where operations on it compute.
///
/// The operands of an operation are on one device. Generators draw on the CPU, whatever the device: equal
/// seeds give equal numbers everywhere.
public enum Device: Hashable, Sendable {
    /// The CPU and its memory.
    case cpu
    /// A CUDA device, by its number from 0.
    case cuda(Int)

    /// The CUDA devices that can be used; none where ``whyNoCUDA`` says why.
    public static var cudaDevices: [Device] {
        whyNoCUDA == nil ? (0..<LibTorchRuntime.cudaDeviceCount).map(Device.cuda) : []
    }

    /// Why no CUDA device can be used, in words; `nil` where one can.
    public static var whyNoCUDA: String? {
        guard LibTorchRuntime.hasCUDABuild else { return "this libtorch is a CPU build" }
        guard LibTorchRuntime.cudaDeviceCount == 0 else { return nil }
        // libtorch knows whether the driver is missing, too old, or has no device.
        var device = clt_tensor(impl: nil)
        let status = clt_full([1], 1, 0, CLT_FLOAT32, clt_device(kind: CLT_CUDA, index: 0), &device)
        guard status == clt_status(CLT_OK) else { return String(cString: clt_last_error()) }
        clt_tensor_free(device)
        return nil
    }

    /// Waits until the device has done all that was asked of it, which a clock has to.
    ///
    /// The CPU has always done it; a CUDA device computes while the program goes on.
    ///
    /// - Throws: `TorchError` for a device that is not there, or with what went wrong on it.
    public func synchronize() throws {
        try check(clt_synchronize(code))
    }

    var code: clt_device {
        switch self {
        case .cpu: clt_device(kind: CLT_CPU, index: 0)
        case .cuda(let index): clt_device(kind: CLT_CUDA, index: Int32(clamping: index))
        }
    }

    init(code: clt_device) {
        self = code.kind == CLT_CUDA ? .cuda(Int(code.index)) : .cpu
    }
}

extension Device: CustomStringConvertible {
    /// "cpu" or "cuda:0", as PyTorch writes it.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }
}

extension Tensor {
    /// Where the elements are.
    public var device: Device {
        get throws {
            try withExtendedLifetime(self) {
                var code = clt_device(kind: CLT_CPU, index: 0)
                try check(clt_device_of(handle, &code))
                return Device(code: code)
            }
        }
    }

    /// The same numbers on another device; this tensor itself where it is there already.
    ///
    /// To a CUDA device they travel by pinned memory, while the program goes on.
    ///
    /// - Throws: `TorchError` for a device that is not there.
    public func to(_ device: Device) throws -> Tensor {
        let code = device.code
        return try unary { clt_to_device($0, code, $1) }
    }
}

extension Module {
    /// Where the module computes: the device of its first tensor; the CPU for a module without any.
    public var device: Device {
        get throws { try stateDictionary().first?.tensor.device ?? .cpu }
    }

    /// Moves all parameters and buffers to a device.
    ///
    /// The tensors stay the same objects, without the gradients that they had. An optimizer that was
    /// made before follows with its next step; a ``WeightAverage`` is made afterwards.
    ///
    /// - Throws: `TorchError` for a device that is not there.
    public func move(to device: Device) throws {
        for named in stateDictionary() {
            try withExtendedLifetime(named.tensor) {
                try check(clt_move_to_device(named.tensor.handle, device.code))
            }
        }
    }
}
