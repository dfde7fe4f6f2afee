extension KnownDataSet {
    /// All data sets that have a name here.
    public static let all = [digits, mnist, cifar10, cifar100, svhn, tinyImageNet]

    private static let digits = KnownDataSet(
        name: "digits",
        task: "handwritten digits",
        shape: [1, 8, 8],
        classCount: 10,
        trainCount: 1348,
        testCount: 449,
        address: nil,
        files: [],
        places: nil
    )

    private static let mnist = KnownDataSet(
        name: "mnist",
        task: "handwritten digits",
        shape: [1, 28, 28],
        classCount: 10,
        trainCount: 60_000,
        testCount: 10_000,
        address: "https://ossci-datasets.s3.amazonaws.com/mnist",
        files: [
            file("train-images-idx3-ubyte.gz", 9_912_422, "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
            file("train-labels-idx1-ubyte.gz", 28_881, "d53e105ee54ea40749a09fcbcd1e9432"),
            file("t10k-images-idx3-ubyte.gz", 1_648_877, "9fb629c4189551a2d022fa330f9573f3"),
            file("t10k-labels-idx1-ubyte.gz", 4_542, "ec29112dd5afa0611ce80d1b7f02629c"),
        ],
        places: MNIST.places
    )

    private static let cifar10 = KnownDataSet(
        name: "cifar-10",
        task: "photographs of animals and vehicles",
        shape: CIFARRows.shape,
        classCount: 10,
        trainCount: 50_000,
        testCount: 10_000,
        address: "https://www.cs.toronto.edu/~kriz",
        files: [
            file("cifar-10-binary.tar.gz", 170_052_171, "c32a1d4ab5d03f1284b67883e8d87530")
        ],
        members: [
            cifarFile("data_batch_1.bin", "aadd24acce27caa71bf4b10992e9e7b2d74c2540"),
            cifarFile("data_batch_2.bin", "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795"),
            cifarFile("data_batch_3.bin", "1dd00a74ab1d17a6e7d73e185b69dbf31242f295"),
            cifarFile("data_batch_4.bin", "aab85764eb3584312d3c7f65fd2fd016e36a258e"),
            cifarFile("data_batch_5.bin", "26e2849e66a845b7f1e4614ae70f4889ae604628"),
            cifarFile("test_batch.bin", "67eb016db431130d61cd03c7ad570b013799c88c"),
        ],
        places: CIFAR.ten.places
    )

    private static let cifar100 = KnownDataSet(
        name: "cifar-100",
        task: "photographs of a hundred kinds of things",
        shape: CIFARRows.shape,
        classCount: 100,
        trainCount: 50_000,
        testCount: 10_000,
        address: "https://www.cs.toronto.edu/~kriz",
        files: [
            file("cifar-100-binary.tar.gz", 168_513_733, "03b5dce01913d631647c71ecec9e9cb8")
        ],
        places: CIFAR.hundred.places
    )

    private static let svhn = KnownDataSet(
        name: "svhn",
        task: "photographs of house numbers",
        shape: [3, 32, 32],
        classCount: 10,
        trainCount: 73_257,
        testCount: 26_032,
        address: "http://ufldl.stanford.edu/housenumbers",
        files: [
            file("train_32x32.mat", 182_040_794, "e26dedcc434d2e4c54c9b2d4a06d8373"),
            file("test_32x32.mat", 64_275_384, "eb5a983be6a315427106f1b164d9cef3"),
        ],
        places: SVHN.places
    )

    private static let tinyImageNet = KnownDataSet(
        name: "tiny-imagenet",
        task: "photographs of two hundred kinds of things",
        shape: [3, 64, 64],
        classCount: 200,
        trainCount: 100_000,
        testCount: 10_000,
        address: "http://cs231n.stanford.edu",
        files: [
            file("tiny-imagenet-200.zip", 248_100_043, "90528d7ca1a48142e341f4ef8d21d0de")
        ],
        places: TinyImageNet.places
    )

    private static func file(_ name: String, _ size: Int, _ md5: String) -> PublishedFile {
        PublishedFile(name: name, size: size, checksum: .md5(md5))
    }

    private static func cifarFile(_ name: String, _ sha1: String) -> PublishedFile {
        PublishedFile(name: name, size: 30_730_000, checksum: .sha1(sha1))
    }
}
