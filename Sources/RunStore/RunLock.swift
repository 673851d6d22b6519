import Foundation
public import Search

/// Sees to it that only one process at a time carries a run on; released when the process ends, however it ends.
public final class RunLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock of the run in that folder.
  ///
  /// - Throws: where another process holds it, or the folder cannot be written.
  public init(folder: String) throws(RunLogError) {
    let path = folder + "/run.lock"
    let descriptor = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else {
      throw RunLogError("'\(path)' cannot be opened: \(String(cString: strerror(errno))).")
    }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      guard code == EWOULDBLOCK else {
        throw RunLogError("'\(path)' cannot be locked: \(String(cString: strerror(code))).")
      }
      throw RunLogError(
        "Another process is running the search in '\(folder)'; wait for it, or stop it first.")
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }
}
