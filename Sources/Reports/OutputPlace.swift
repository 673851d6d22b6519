import Foundation

/// What stands in the way of a file that is to be written, in words.
public enum OutputPlace {
  /// Why a file or folder could not be written: one sentence with what to do, which names the option for the place.
  public static func sentence(
    for error: any Error, writing path: String, option: String = "--output"
  ) -> String {
    let reason =
      fileAbove(path).map { "'\($0)' is a file and no folder" } ?? systemReason(error)
      ?? "check that it may be written to"
    return "'\(path)' cannot be written: \(reason); name another place by \(option)."
  }

  /// Whether there is a file, and no folder, at a path.
  static func isFile(_ path: String) -> Bool {
    var isFolder = ObjCBool(false)
    return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder.boolValue
  }

  /// The file that stands where a path needs a folder; nil where there is none.
  private static func fileAbove(_ path: String) -> String? {
    var place = (path as NSString).deletingLastPathComponent
    while !place.isEmpty, place != "/" {
      if isFile(place) { return place }
      place = (place as NSString).deletingLastPathComponent
    }
    return nil
  }

  /// What the system says, such as that there is no room or no permission; nil where it is not known.
  private static func systemReason(_ error: any Error) -> String? {
    guard let cause = (error as? CocoaError)?.underlying as NSError?, cause.domain == NSPOSIXErrorDomain,
      let text = strerror(Int32(truncatingIfNeeded: cause.code))
    else { return nil }
    let reason = String(cString: text)
    return reason.prefix(1).lowercased() + reason.dropFirst()
  }
}
