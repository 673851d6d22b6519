/// The local language model as `scripts/local-model install` left it.
public struct LocalModelInstallation: Sendable, Hashable {
  /// The model's name.
  public let name: String
  /// The Python that has the server's packages.
  public let python: String
  /// The server's script.
  public let server: String
  /// The model's weights, a GGUF file.
  public let modelPath: String
  /// The folder it is installed in.
  public let folder: String
  /// The versions of its packages, by package name.
  public let versions: [String: String]

  /// Whether there is a local model, and if not, why.
  public enum Search: Sendable, Hashable {
    case found(LocalModelInstallation)
    /// Half a sentence.
    case missing(reason: String)
  }

  /// Looks for an installation below cache folders, in their order.
  public static func find(in cacheFolders: [String]) -> Search {
    for cache in cacheFolders {
      let folder = cache + "/local-model"
      guard let bytes = SystemFiles.contents(of: folder + "/installed.json") else { continue }
      let manifest = try? JSONValue(parsing: bytes)
      guard let name = manifest?["name"]?.stringValue, let python = manifest?["python"]?.stringValue,
        let server = manifest?["server"]?.stringValue, let model = manifest?["modelPath"]?.stringValue
      else {
        return .missing(reason: "\(folder)/installed.json is damaged; run scripts/local-model install")
      }
      guard SystemFiles.isExecutable(python), SystemFiles.isReadable(server), SystemFiles.isReadable(model)
      else {
        return .missing(reason: "its files in \(folder) are incomplete; run scripts/local-model install")
      }
      let versions = (manifest?["versions"]?.objectValue ?? []).compactMap { member in
        member.value.stringValue.map { (member.name, $0) }
      }
      return .found(
        LocalModelInstallation(
          name: name, python: python, server: server, modelPath: model, folder: folder,
          versions: Dictionary(versions) { _, last in last }))
    }
    return .missing(reason: "it is not installed; run scripts/local-model install")
  }

  /// Where the project's caches are: what `NICHE_CACHE` names, or else every `.cache` from the working folder and
  /// from the program's folder upwards.
  public static func cacheFolders(environment: [String: String]) -> [String] {
    if let named = environment["NICHE_CACHE"], !named.isEmpty { return [named] }
    var folders: [String] = []
    for start in [SystemFiles.currentFolder, SystemFiles.programFolder] {
      var folder = start
      while let current = folder {
        let cache = current == "/" ? "/.cache" : current + "/.cache"
        if !folders.contains(cache) { folders.append(cache) }
        folder = SystemFiles.parent(of: current)
      }
    }
    return folders
  }
}
