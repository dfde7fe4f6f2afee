import LibTorch
import ManifoldMixup
extension Recipe.Training.Precision {
    var own: Precision { Precision(rawValue: rawValue) ?? .float32 }
}
extension Recipe.Loss { var own: MixupLoss { MixupLoss(rawValue: rawValue) ?? .softCrossEntropy } }
extension Recipe.Model.Activation {
    var own: Activation.Function { Activation.Function(rawValue: rawValue) ?? .relu }
}
extension Recipe.Method.Lambda {
    var own: Mixup.LambdaScope { .init(rawValue: rawValue) ?? .batch }
}
extension Recipe.Method.Partner {
    var own: Mixup.Partner { .init(rawValue: rawValue) ?? .shuffled }
}
