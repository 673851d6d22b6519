import Synchronization

/// A wish to stop that any thread may express and long work looks at.
public final class StopFlag: Sendable {
  private struct State {
    var isRaised = false
    var actions: [Int: @Sendable () -> Void] = [:]
    var registrations = 0
  }

  private let state = Mutex(State())

  /// A flag that is not raised.
  public init() {}

  /// Whether somebody wishes to stop.
  public var isRaised: Bool { state.withLock { $0.isRaised } }

  /// Asks to stop.
  public func raise() {
    let actions = state.withLock { state in
      state.isRaised = true
      defer { state.actions = [:] }
      return state.actions.values
    }
    for action in actions { action() }
  }

  /// Has the action done when the flag is raised, at once if it is already.
  ///
  /// - Returns: what `forget` takes once the action is of no use any more.
  func whenRaised(_ action: @escaping @Sendable () -> Void) -> Int {
    let (registration, isLate) = state.withLock { state in
      state.registrations += 1
      if !state.isRaised { state.actions[state.registrations] = action }
      return (state.registrations, state.isRaised)
    }
    if isLate { action() }
    return registration
  }

  /// Lets go of an action.
  func forget(_ registration: Int) {
    state.withLock { _ = $0.actions.removeValue(forKey: registration) }
  }
}
