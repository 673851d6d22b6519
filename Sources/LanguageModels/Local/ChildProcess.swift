import CCurl  // its header is where the compiler may have seen the signal types first
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A child process with a pipe to its standard input and one from its standard output.
final class ChildProcess: Sendable {
  private struct State {
    var process: pid_t
    var input: CInt
    var output: CInt
    var hasEnded = false
  }

  private let state: Mutex<State>

  /// The variables that a child gets; all others, keys among them, stay here.
  private static let passedVariables = ["PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH"]

  /// Starts a program, named by its path, in a process group of its own.
  init(arguments: [String], standardErrorPath: String) throws(ChatFailure) {
    let input = try Self.pipe()
    let output: (reading: CInt, writing: CInt)
    do throws(ChatFailure) {
      output = try Self.pipe()
    } catch {
      close(input.reading)
      close(input.writing)
      throw error
    }
    let (code, process) = Self.spawn(
      arguments, input: input.reading, output: output.writing, errorPath: standardErrorPath)
    close(input.reading)
    close(output.writing)
    guard code == 0 else {
      close(input.writing)
      close(output.reading)
      throw .localModelUnavailable(
        detail: "\(arguments[0]) could not be started (\(String(cString: strerror(code))))")
    }
    _ = fcntl(output.reading, F_SETFL, O_NONBLOCK)
    state = Mutex(State(process: process, input: input.writing, output: output.reading))
  }

  deinit { stop() }

  /// Ends the child and all in its group, and waits until it is gone.
  func stop() {
    state.withLock {
      if !$0.hasEnded {
        kill(-$0.process, SIGKILL)
        var status: CInt = 0
        while waitpid($0.process, &status, 0) < 0 && errno == EINTR {}
        $0.hasEnded = true
      }
      for descriptor in [$0.input, $0.output] where descriptor >= 0 { close(descriptor) }
      $0.input = -1
      $0.output = -1
    }
  }

  /// Whether the child has not ended yet.
  var isRunning: Bool {
    state.withLock {
      guard !$0.hasEnded else { return false }
      var status: CInt = 0
      let ended = waitpid($0.process, &status, WNOHANG)
      if ended == $0.process || (ended < 0 && errno == ECHILD) { $0.hasEnded = true }
      return !$0.hasEnded
    }
  }

  /// The child's process number, for tests.
  var number: pid_t { state.withLock { $0.process } }

  /// What the child has written and nobody has read; never waits.
  func readAvailableOutput() -> [UInt8] {
    state.withLock {
      guard $0.output >= 0 else { return [] }
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = read($0.output, &buffer, buffer.count)
      return count > 0 ? Array(buffer[..<count]) : []
    }
  }

  /// A pipe whose ends no other child inherits.
  private static func pipe() throws(ChatFailure) -> (reading: CInt, writing: CInt) {
    var ends: [CInt] = [-1, -1]
    #if canImport(Glibc)
      let code = Glibc.pipe(&ends)
    #else
      let code = Darwin.pipe(&ends)
    #endif
    guard code == 0 else {
      throw .localModelUnavailable(detail: "no pipe could be made (\(String(cString: strerror(errno))))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return (ends[0], ends[1])
  }

  private static func spawn(
    _ arguments: [String], input: CInt, output: CInt, errorPath: String
  ) -> (code: CInt, process: pid_t) {
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
      var attributes = posix_spawnattr_t()
    #else
      var actions: posix_spawn_file_actions_t?
      var attributes: posix_spawnattr_t?
    #endif
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_adddup2(&actions, input, 0)
    posix_spawn_file_actions_adddup2(&actions, output, 1)
    posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    // The child starts with no signal blocked or ignored, whatever our threads do.
    var none = sigset_t()
    var all = sigset_t()
    sigemptyset(&none)
    sigfillset(&all)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setpgroup(&attributes, 0)
    let flags = POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
    posix_spawnattr_setflags(&attributes, Int16(flags))
    let environment = passedVariables.compactMap { name in
      SystemFiles.variable(name).map { "\(name)=\($0)" }
    }
    var argumentPointers = arguments.map { strdup($0) }
    var environmentPointers = environment.map { strdup($0) }
    defer { for pointer in argumentPointers + environmentPointers { free(pointer) } }
    argumentPointers.append(nil)
    environmentPointers.append(nil)
    var process: pid_t = 0
    let code = posix_spawn(
      &process, arguments[0], &actions, &attributes, argumentPointers, environmentPointers)
    return (code, process)
  }
}
