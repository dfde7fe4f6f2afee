import ArgumentParser
import LibTorch
import ManifoldMixup
import MixupTraining

extension Recipe.Model.Name: ExpressibleByArgument {}
extension Recipe.Model.Variant: ExpressibleByArgument {}
extension Recipe.Method.Name: ExpressibleByArgument {}
extension Recipe.Optimizer.Name: ExpressibleByArgument {}
extension Recipe.Schedule.Name: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}
extension TrainingEngine: ExpressibleByArgument {}
extension Activation.Function: ExpressibleByArgument {}
extension MixupLoss: ExpressibleByArgument {}
extension Mixup.LambdaScope: ExpressibleByArgument {}
extension Mixup.Partner: ExpressibleByArgument {}
extension RunFigures.Kind: ExpressibleByArgument {}

extension DeviceChoice: ExpressibleByArgument {
    /// Reads what ``DeviceChoice/init(_:)`` reads.
    public init?(argument: String) { self.init(argument) }
}

extension TimeSpan: ExpressibleByArgument {
    /// Reads what ``TimeSpan/init(_:)`` reads.
    public init?(argument: String) { self.init(argument) }
}

/// Numbers with commas between them: "256,256".
struct NumberList<Number: LosslessStringConvertible & Sendable>: ExpressibleByArgument, Sendable {
    let values: [Number]

    init(values: [Number]) {
        self.values = values
    }

    /// The numbers with commas between them, for the help.
    var defaultValueDescription: String {
        values.map(\.description).joined(separator: ",")
    }

    init?(argument: String) {
        let parts = argument.split(separator: ",", omittingEmptySubsequences: false)
        let values = parts.compactMap { Number(String($0).filter { $0 != " " }) }
        guard values.count == parts.count else { return nil }
        self.values = values
    }
}
