#if canImport(Darwin)
  import Darwin
#else
  import Glibc
#endif

/// Runs code on a thread of its own whose stack is large enough for the interpreter's nesting.
///
/// The interpreter recurses as the source does. Threads of Swift's pool have stacks of 512 KiB, of which a few
/// nested modules would use up most in an unoptimised build.
enum InterpreterThread {
  /// The size of the stack.
  ///
  /// Only what is touched of it takes memory.
  static let stackSize = 128 << 20

  /// Runs a function to its end and gives its result; nil where the system grants no thread.
  static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) -> Result? {
    let work = Work(body)
    var attributes = pthread_attr_t()
    guard pthread_attr_init(&attributes) == 0 else { return nil }
    defer { pthread_attr_destroy(&attributes) }
    guard pthread_attr_setstacksize(&attributes, stackSize) == 0 else { return nil }
    // The thread is joined before `work` ends, so that it may borrow it.
    let context = Unmanaged.passUnretained(work as AnyWork).toOpaque()
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let status = pthread_create(&thread, &attributes, startRoutine, context)
    guard status == 0 else { return nil }
    #if canImport(Darwin)
      if let thread { pthread_join(thread, nil) }
    #else
      pthread_join(thread, nil)
    #endif
    return withExtendedLifetime(work) { work.result }
  }

  private class AnyWork {
    func run() {}
  }

  private final class Work<Result>: AnyWork {
    private let body: () -> Result
    private(set) var result: Result?

    init(_ body: @escaping () -> Result) { self.body = body }

    override func run() { result = body() }
  }

  #if canImport(Darwin)
    private static let startRoutine: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
      Unmanaged<AnyWork>.fromOpaque($0).takeUnretainedValue().run()
      return nil
    }
  #else
    private static let startRoutine: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
      if let context = $0 { Unmanaged<AnyWork>.fromOpaque(context).takeUnretainedValue().run() }
      return nil
    }
  #endif
}
