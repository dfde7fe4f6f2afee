import MixupData
import Testing

@Suite(
    "Real MNIST",
    .enabled(if: SharedData.hasMNIST, "needs ../shared/data/mnist beside the package")
)
struct RealMNISTTests {
    @Test("Counts, mean and standard deviation are the published ones")
    func statistics() throws {
        let splits = try DataSource.load(["mnist"], dataDirectory: SharedData.folder)
        #expect(splits.train.shape == [1, 28, 28])
        #expect(
            splits.train.classCounts
                == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
        )
        #expect(
            splits.test.classCounts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
        )

        let train = splits.train.measuredNormalization(scale: 255)
        #expect(abs(train.mean[0] - 0.1307) < 5e-5)
        #expect(abs(train.standardDeviation[0] - 0.3081) < 5e-5)
        let test = splits.test.measuredNormalization(scale: 255)
        #expect(abs(test.mean[0] - 0.1325) < 5e-5)
        #expect(abs(test.standardDeviation[0] - 0.3105) < 5e-5)

        let batch = try splits.train.minibatch([0, 59_999])
        #expect(batch.labels == [5, 8])
        #expect(batch.shape == [2, 1, 28, 28])
        #expect(abs(batch.features[0] + 0.1307 / 0.3081) < 1e-6)
    }
}
