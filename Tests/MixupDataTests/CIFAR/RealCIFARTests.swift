import Testing

@testable import MixupData

@Suite(
    "Real CIFAR-10",
    .enabled(if: SharedData.hasCIFAR10, "needs ../shared/data/cifar-10 beside the package")
)
struct RealCIFARTests {
    @Test("Counts, means and standard deviations are the published ones, from the archive")
    func statistics() throws {
        let cache = try TemporaryFolder()
        let roots = DataRoots(option: SharedData.folder, environment: [:])
        let folder = try CIFAR.ten.places.folder(in: roots) { path, check in
            try Archive(path: path, cache: UnpackingCache(path: cache.path)).unpacked(check: check)
        }
        let splits = try CIFAR.ten.load(folder: folder)
        #expect(splits.train.classCounts == [Int](repeating: 5000, count: 10))
        #expect(splits.test.classCounts == [Int](repeating: 1000, count: 10))
        #expect(splits.train.classNames == CIFAR.tenClassNames)
        // Known for every loader that has the images in order: a frog first, then two trucks.
        #expect(splits.train.labels.prefix(5) == [6, 9, 9, 4, 1])

        let measured = splits.train.measuredNormalization(scale: 255)
        let means = [0.49139968, 0.48215841, 0.44653091]
        let deviations = [0.24703223, 0.24348513, 0.26158784]
        for channel in 0..<3 {
            #expect(abs(measured.mean[channel] - means[channel]) < 1e-6)
            #expect(abs(measured.standardDeviation[channel] - deviations[channel]) < 1e-6)
        }
    }
}
