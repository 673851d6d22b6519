// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "niche-benchmarks",
  platforms: [.macOS(.v15)],
  dependencies: [
    .package(name: "niche", path: ".."),
    .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
  ],
  targets: [
    .executableTarget(
      name: "compiler-benchmark",
      dependencies: [
        .product(name: "NicheEngine", package: "niche"),
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ], path: "compiler", exclude: ["networks", "pytorch.py", "compare"]),
    .executableTarget(
      name: "archive-benchmark", dependencies: [.product(name: "NicheArchives", package: "niche")],
      path: "archives", exclude: ["pyribs.py", "compare"]),
    .executableTarget(
      name: "store-benchmark", dependencies: [.product(name: "NicheRuns", package: "niche")], path: "store",
      exclude: ["compare"]),
    .executableTarget(
      name: "overhead-benchmark", dependencies: [.product(name: "NicheRuns", package: "niche")],
      path: "overhead", exclude: ["compare"]),
    .executableTarget(
      name: "strategy-benchmark", dependencies: [.product(name: "NicheRuns", package: "niche")],
      path: "strategies", exclude: ["compare"]),
  ]
)

// As in the package that is measured.
for target in package.targets {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
  ]
}
