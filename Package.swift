// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "niche",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "niche", targets: ["niche"]),
    // What the packages Benchmarks and Fuzzing are made of.
    .library(
      name: "NicheEngine",
      targets: ["Execution", "NetworkGraph", "PythonSyntax", "RandomStreams", "TorchFrontend"]),
    .library(name: "NicheArchives", targets: ["QualityDiversity", "RandomStreams"]),
    .library(
      name: "NicheRuns",
      targets: [
        "LanguageModels", "QualityDiversity", "RandomStreams", "Reports", "RunStore", "Scoring", "Search",
        "SearchSpaces", "Training",
      ]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
    .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams.git", from: "6.2.2"),
  ],
  targets: [
    // MARK: System libraries and C
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    // Its header alone: the library is loaded when a model is asked (CCurlShims).
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .target(
      name: "CCurlShims", dependencies: ["CCurl"],
      linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    // Kernels are fast in debug builds too, so that tests can train.
    .target(
      name: "CKernels", cSettings: [.unsafeFlags(["-O3"])],
      linkerSettings: [.linkedLibrary("m", .when(platforms: [.linux]))]),

    // MARK: Foundations
    .target(name: "RandomStreams"),
    .testTarget(name: "RandomStreamsTests", dependencies: ["RandomStreams"]),

    // MARK: The network compiler
    .target(name: "PythonSyntax"),
    .testTarget(name: "PythonSyntaxTests", dependencies: ["PythonSyntax"], resources: [.copy("Fixtures")]),
    .target(name: "NetworkGraph", dependencies: ["RandomStreams"]),
    .testTarget(name: "NetworkGraphTests", dependencies: ["NetworkGraph", "RandomStreams"]),
    .target(name: "TorchFrontend", dependencies: ["NetworkGraph", "PythonSyntax", "RandomStreams"]),
    .testTarget(
      name: "TorchFrontendTests",
      dependencies: ["Execution", "NetworkGraph", "PythonSyntax", "RandomStreams", "TorchFrontend"],
      resources: [.copy("Fixtures")]),

    .target(name: "ONNX", dependencies: ["NetworkGraph"]),
    .testTarget(
      name: "ONNXTests",
      dependencies: ["Execution", "NetworkGraph", "ONNX", "RandomStreams", "TorchFrontend"],
      resources: [.copy("Fixtures")]),

    // MARK: The engine
    .target(name: "Execution", dependencies: ["CKernels", "COpenBLAS", "NetworkGraph", "RandomStreams"]),
    .testTarget(
      name: "ExecutionTests", dependencies: ["Execution", "NetworkGraph", "RandomStreams"],
      resources: [.copy("Fixtures")]),
    .target(
      name: "Training", dependencies: ["CKernels", "CZlib", "Execution", "NetworkGraph", "RandomStreams"]),
    .testTarget(
      name: "TrainingTests", dependencies: ["Execution", "NetworkGraph", "RandomStreams", "Training"]),

    // MARK: The search
    .target(name: "Scoring", dependencies: ["Execution", "NetworkGraph", "RandomStreams", "Training"]),
    .testTarget(
      name: "ScoringTests",
      dependencies: ["Execution", "NetworkGraph", "RandomStreams", "Scoring", "TorchFrontend", "Training"],
      resources: [.copy("Fixtures")]),
    .target(
      name: "SearchSpaces",
      dependencies: ["NetworkGraph", "RandomStreams", "TorchFrontend", "Training"]),
    .testTarget(
      name: "SearchSpacesTests",
      dependencies: [
        "Execution", "NetworkGraph", "RandomStreams", "SearchSpaces", "TorchFrontend", "Training",
      ], resources: [.copy("Fixtures")]),
    .target(name: "QualityDiversity", dependencies: ["RandomStreams"]),
    .testTarget(
      name: "QualityDiversityTests", dependencies: ["QualityDiversity", "RandomStreams"],
      resources: [.copy("Fixtures")]),
    .target(name: "LanguageModels", dependencies: ["CCurl", "CCurlShims", "RandomStreams"]),
    .testTarget(
      name: "LanguageModelsTests", dependencies: ["LanguageModels", "RandomStreams"],
      resources: [.copy("Fixtures")]),
    .target(
      name: "Search",
      dependencies: [
        "LanguageModels", "NetworkGraph", "PythonSyntax", "QualityDiversity", "RandomStreams", "Scoring",
        "SearchSpaces", "TorchFrontend", "Training", .product(name: "Yams", package: "Yams"),
      ]),
    .testTarget(
      name: "SearchTests",
      dependencies: [
        "LanguageModels", "PythonSyntax", "QualityDiversity", "RandomStreams", "Scoring", "Search",
        "SearchSpaces", "TorchFrontend", "Training",
      ]),

    // MARK: What a user takes home
    .target(
      name: "RunStore",
      dependencies: [
        "LanguageModels", "NetworkGraph", "QualityDiversity", "Search", "Training",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "GRDBSQLite", package: "GRDB.swift"),
      ]),
    .testTarget(
      name: "RunStoreTests",
      dependencies: [
        "LanguageModels", "QualityDiversity", "RandomStreams", "RunStore", "Search", "Training",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .target(
      name: "Reports",
      dependencies: [
        "Execution", "LanguageModels", "NetworkGraph", "ONNX", "PythonSyntax", "QualityDiversity",
        "RandomStreams", "RunStore", "Scoring", "Search", "SearchSpaces", "TorchFrontend", "Training",
      ]),
    .testTarget(
      name: "ReportsTests",
      dependencies: [
        "LanguageModels", "QualityDiversity", "RandomStreams", "Reports", "RunStore", "Search",
        "SearchSpaces", "Training",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    .executableTarget(
      name: "niche",
      dependencies: [
        "Execution", "LanguageModels", "QualityDiversity", "Reports", "RunStore", "Scoring", "Search",
        "SearchSpaces", "TorchFrontend", "Training",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(name: "NicheTests", dependencies: ["niche", "RandomStreams", "Training"]),
  ]
)

// Every Swift target is held to the same rules.
for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  target.swiftSettings =
    (target.swiftSettings ?? []) + [
      .enableUpcomingFeature("ExistentialAny"),
      .enableUpcomingFeature("InternalImportsByDefault"),
      .enableUpcomingFeature("MemberImportVisibility"),
      .treatAllWarnings(as: .error),
    ]
}
