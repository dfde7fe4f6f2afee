internal import CTrainKernels
import LibTorch
import MixupData

extension Minibatch {
    /// Lends the examples to kernels, which look bytes up where they need them.
    func withKernelExamples<Value>(
        _ body: (UnsafePointer<ctk_examples>) throws -> Value
    ) rethrows -> Value {
        switch values {
        case .numbers(let numbers):
            return try numbers.withUnsafeBufferPointer {
                try ctk_examples.lending($0.baseAddress, body)
            }
        case .bytes(let bytes, let rows, let table):
            let rows = rows.map(Int64.init)
            return try bytes.withUnsafeBufferPointer { bytes in
                try rows.withUnsafeBufferPointer { rows in
                    try table.withUnsafeBufferPointer { table in
                        var examples = ctk_examples(
                            numbers: nil,
                            bytes: bytes.baseAddress,
                            rows: rows.baseAddress,
                            table: table.baseAddress,
                            channel_size: Int64(channelSize)
                        )
                        return try body(&examples)
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// Lends examples of single precision, [N, …], to kernels.
    ///
    /// - Throws: `TorchError` for a tensor of another type or order.
    func withKernelExamples<Value>(
        _ body: (UnsafePointer<ctk_examples>) throws -> Value
    ) throws -> Value {
        try withExtendedLifetime(self) {
            try ctk_examples.lending(try FusedParameter.elements(of: self).pointer, body)
        }
    }
}

extension ctk_examples {
    fileprivate static func lending<Value>(
        _ numbers: UnsafePointer<Float>?,
        _ body: (UnsafePointer<ctk_examples>) throws -> Value
    ) rethrows -> Value {
        var examples = ctk_examples(
            numbers: numbers,
            bytes: nil,
            rows: nil,
            table: nil,
            channel_size: 0
        )
        return try body(&examples)
    }
}
