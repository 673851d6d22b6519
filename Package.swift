// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "niche",
  platforms: [.macOS(.v15)],
  targets: [
    // MARK: System libraries and C
    .systemLibrary(name: "CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "CCurlShims", dependencies: ["CCurl"]),

    // MARK: Foundations
    .target(name: "RandomStreams"),
    .testTarget(name: "RandomStreamsTests", dependencies: ["RandomStreams"]),

    // MARK: The network compiler
    .target(name: "PythonSyntax"),
    .testTarget(name: "PythonSyntaxTests", dependencies: ["PythonSyntax"], resources: [.copy("Fixtures")]),
    .target(name: "NetworkGraph", dependencies: ["RandomStreams"]),
    .testTarget(name: "NetworkGraphTests", dependencies: ["NetworkGraph", "RandomStreams"]),

    // MARK: The engine

    // MARK: The search
    .target(name: "QualityDiversity", dependencies: ["RandomStreams"]),
    .testTarget(
      name: "QualityDiversityTests", dependencies: ["QualityDiversity", "RandomStreams"],
      resources: [.copy("Fixtures")]),
    .target(name: "LanguageModels", dependencies: ["CCurl", "CCurlShims", "RandomStreams"]),
    .testTarget(name: "LanguageModelsTests", dependencies: ["LanguageModels", "RandomStreams"]),
  ]
)

// Every Swift target is held to the same rules.
for target in package.targets where [.regular, .executable, .test].contains(target.type) {
  target.swiftSettings = (target.swiftSettings ?? []) + [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
  ]
}
