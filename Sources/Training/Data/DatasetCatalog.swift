internal import FoundationEssentials

/// Finds and loads data sets by name in a list of places.
///
/// A place is a folder, or for CIFAR also an archive. In a folder a data set is looked for under the names
/// that its publishers, Debian and torchvision use; nothing is ever downloaded.
public struct DatasetCatalog: Sendable, Hashable {
  /// The places, in the order in which they are searched.
  public let places: [String]

  /// A catalog that searches those places and no others.
  public init(places: [String]) { self.places = places }

  /// The usual places: the given one, then those in `NICHE_DATA` (separated by colons), `.cache/data`,
  /// Debian's.
  ///
  /// - Parameters:
  ///   - path: a place that a configuration names.
  ///   - environment: the environment variables; the process's own unless given.
  public static func standard(path: String? = nil, environment: [String: String]? = nil) -> DatasetCatalog {
    let variables = environment ?? ProcessInfo.processInfo.environment
    let named = (variables["NICHE_DATA"] ?? "").split(separator: ":").map(String.init)
    return DatasetCatalog(places: (path.map { [$0] } ?? []) + named + [".cache/data", "/usr/share/datasets"])
  }

  /// Where a data set is, or nil where it is in none of the places.
  public func location(of name: DatasetName) -> String? { find(name)?.path }

  /// Loads a data set.
  ///
  /// - Throws: `DatasetError` where it is missing (with the way to get it), unreadable or damaged.
  public func load(_ name: DatasetName) throws(DatasetError) -> PublishedDataset {
    guard let source = find(name) else {
      throw .missing(name: name.rawValue, searched: places, remedy: name.remedy)
    }
    switch source {
    case .idx(let folder, let suffix):
      return try PublishedDataset(
        training: idx(name, folder, prefix: "train", suffix), test: idx(name, folder, prefix: "t10k", suffix))
    case .cifarFolder(let folder):
      return try CIFARFile.dataset(Self.layout(name), at: folder, isFolder: true)
    case .cifarArchive(let path):
      return try CIFARFile.dataset(Self.layout(name), at: path, isFolder: false)
    }
  }

  // MARK: Searching

  private enum Source {
    case idx(folder: String, suffix: String)
    case cifarFolder(String)
    case cifarArchive(String)

    var path: String {
      switch self {
      case .idx(let path, _), .cifarFolder(let path), .cifarArchive(let path): path
      }
    }
  }

  private func find(_ name: DatasetName) -> Source? {
    for place in places {
      let source =
        switch name {
        case .fashionMNIST: findIDX(place, folders: ["fashion-mnist", "FashionMNIST/raw", "FashionMNIST"])
        case .mnist: findIDX(place, folders: ["mnist", "MNIST/raw", "MNIST"])
        case .cifar10: findCIFAR(place, "cifar-10", folder: "cifar-10-batches-bin")
        case .cifar100: findCIFAR(place, "cifar-100", folder: "cifar-100-binary")
        }
      if let source { return source }
    }
    return nil
  }

  /// The place may also be the data set's own folder; its name tells MNIST from Fashion-MNIST.
  private func findIDX(_ place: String, folders: [String]) -> Source? {
    let trimmed = "/" + place.split(separator: "/").joined(separator: "/")
    let own = folders.contains { trimmed.hasSuffix("/" + $0) } ? [place] : []
    for folder in own + folders.map({ place + "/" + $0 }) {
      for suffix in [".gz", ""] where Self.isFile(folder + "/train-images-idx3-ubyte" + suffix) {
        return .idx(folder: folder, suffix: suffix)
      }
    }
    return nil
  }

  private func findCIFAR(_ place: String, _ name: String, folder: String) -> Source? {
    let file = place.split(separator: "/").last ?? ""
    let isArchive = [".tar.gz", ".tgz", ".tar"].contains { file.hasSuffix($0) }
    if file.hasPrefix(name + "-") || file.hasPrefix(name + "."), isArchive, Self.isFile(place) {
      return .cifarArchive(place)
    }
    let mark = Self.layout(name == "cifar-10" ? .cifar10 : .cifar100).testFile
    let own = file == folder ? [place] : []
    for folder in own + [folder, name + "/" + folder, name].map({ place + "/" + $0 })
    where Self.isFile(folder + "/" + mark) {
      return .cifarFolder(folder)
    }
    for archive in ["", name + "/"].map({ "\(place)/\($0)\(name)-binary.tar.gz" }) where Self.isFile(archive)
    {
      return .cifarArchive(archive)
    }
    return nil
  }

  private func idx(
    _ name: DatasetName, _ folder: String, prefix: String, _ suffix: String
  ) throws(DatasetError) -> ImageDataset {
    try IDXFile.dataset(
      name: name.rawValue, imagesPath: "\(folder)/\(prefix)-images-idx3-ubyte\(suffix)",
      labelsPath: "\(folder)/\(prefix)-labels-idx1-ubyte\(suffix)", classNames: name.classNames)
  }

  private static func layout(_ name: DatasetName) -> CIFARFile.Layout {
    name == .cifar100
      ? CIFARFile.Layout(
        name: name.rawValue, labelBytes: 2, trainingFiles: ["train.bin"], testFile: "test.bin",
        classNames: name.classNames)
      : CIFARFile.Layout(
        name: name.rawValue, labelBytes: 1, trainingFiles: (1...5).map { "data_batch_\($0).bin" },
        testFile: "test_batch.bin", classNames: name.classNames)
  }

  private static func isFile(_ path: String) -> Bool {
    var isDirectory = false
    return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory
  }
}
