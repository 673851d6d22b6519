// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "niche",
  platforms: [.macOS(.v15)],
  targets: [
    // MARK: Foundations
    .target(name: "RandomStreams"),
    .testTarget(name: "RandomStreamsTests", dependencies: ["RandomStreams"]),

    // MARK: Search
    .target(name: "QualityDiversity", dependencies: ["RandomStreams"]),
    .testTarget(
      name: "QualityDiversityTests", dependencies: ["QualityDiversity", "RandomStreams"],
      resources: [.copy("Fixtures")]),
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
