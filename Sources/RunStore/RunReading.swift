import Foundation
import GRDB
public import Search

extension RunStore {
  /// Opens the run in a folder to look at it.
  ///
  /// The file stays as it is, but for two: what a killed process left in the write-ahead log goes where it belongs, and a
  /// file of an older format is brought to the present one. Of a run that may not be written a copy in the temporary folder
  /// is read. Storing anything is refused.
  ///
  /// - Throws: where there is no run, or its file is damaged or from another version.
  public static func read(_ folder: String) throws(RunLogError) -> RunStore {
    let file = folder + "/" + fileName
    let isWritable = [folder, file].allSatisfy { FileManager.default.isWritableFile(atPath: $0) }
    return try read(folder, isWritable: isWritable)
  }

  static func read(_ folder: String, isWritable: Bool) throws(RunLogError) -> RunStore {
    let path = folder + "/" + fileName
    guard FileManager.default.fileExists(atPath: path) else { throw nothing(in: folder) }
    let copy = isWritable ? nil : try explained("read", path) { try RunCopy(of: folder) }
    // An older file is brought to the present format by whoever opens it for writing.
    let version = try explained("read", path) { try RunSchema.check(path) }
    if version < RunSchema.version { try open(copy?.folder ?? folder).close() }
    return try explained("read", path) {
      // One that may write, though nobody does, since only such a connection tidies up behind itself.
      let queue = try DatabaseQueue(
        path: copy.map { $0.folder + "/" + fileName } ?? path, configuration: connection)
      let found = try queue.read { try Int32.fetchOne($0, sql: "PRAGMA user_version") ?? 0 }
      try RunSchema.check(version: found, path)
      return try RunStore(folder: folder, database: queue, isReadOnly: true, copy: copy)
    }
  }
}

/// A copy of a run's file in the temporary folder, which goes with it.
final class RunCopy: Sendable {
  /// Where the copy lies.
  let folder: String

  /// Copies the file of the run in that folder.
  ///
  /// - Throws: where a search is writing it, or it cannot be read.
  init(of original: String) throws {
    // A search of somebody else's may be under way, whose files fit together at no moment.
    let lock = open(original + "/run.lock", O_RDONLY | O_CLOEXEC)
    defer { if lock >= 0 { close(lock) } }
    guard lock < 0 || flock(lock, LOCK_SH | LOCK_NB) == 0 else {
      throw RunLogError(
        "A search is writing '\(original)', where you may not write; wait for its end, or copy the run.")
    }
    let files = FileManager.default
    folder = files.temporaryDirectory.path + "/niche-\(UUID().uuidString)"
    try files.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    for name in [RunStore.fileName, RunStore.fileName + "-wal"] {
      let path = original + "/" + name
      guard name == RunStore.fileName || files.fileExists(atPath: path) else { continue }
      try files.copyItem(atPath: path, toPath: folder + "/" + name)
      try files.setAttributes([.posixPermissions: 0o600], ofItemAtPath: folder + "/" + name)
    }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }
}
