// swift-tools-version: 6.2

import PackageDescription

// In a package of your own, name the repository's address and a version instead of the path.
let package = Package(
    name: "OwnModel",
    dependencies: [
        .package(name: "manifold-mixup", path: "../..")
    ],
    targets: [
        .executableTarget(
            name: "OwnModel",
            dependencies: [
                .product(name: "LibTorch", package: "manifold-mixup"),
                .product(name: "ManifoldMixup", package: "manifold-mixup"),
                .product(name: "MixupData", package: "manifold-mixup"),
                .product(name: "MixupTraining", package: "manifold-mixup"),
            ]
        )
    ]
)
