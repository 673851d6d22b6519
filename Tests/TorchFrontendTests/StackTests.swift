import Foundation
import PythonSyntax
import Synchronization
import Testing
import TorchFrontend

/// The deepest source that is read fits a task's stack of 512 KiB with room to spare.
@Suite struct StackTests {
  /// Three quarters of what tasks run on; an unoptimised build needs between 256 and 384 KiB.
  static let stackSize = 384 << 10

  private final class Box: Sendable {
    let isDone = Mutex(false)
  }

  /// Runs on a thread with such a stack.
  private func onSmallStack(_ body: @escaping @Sendable () -> Void) -> Bool {
    let box = Box()
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      body()
      box.isDone.withLock { $0 = true }
      done.signal()
    }
    thread.stackSize = Self.stackSize
    thread.start()
    done.wait()
    return box.isDone.withLock { $0 }
  }

  private static let nestings: [(name: String, open: String, middle: String, close: String)] = [
    ("parentheses", "(", "x", ")"), ("lists", "[", "", "]"), ("calls", "f(", "", ")"),
    ("dictionaries", "{1:", "1", "}"), ("subscripts", "x[", "1", "]"), ("sums", "", "x", " + x"),
    ("chained calls", "", "f", "()"), ("powers", "", "x", " ** x"), ("nots", "not ", "x", ""),
    ("lambdas", "lambda: ", "x", ""), ("conditionals", "x if x else ", "x", ""),
    ("comprehensions", "[x for x in ", "x", "]"), ("walrus", "(y := ", "x", ")"), ("stars", "[*", "x", "]"),
    ("f-strings", "f'{", "x", "}'"), ("sequentials", "nn.Sequential(", "nn.ReLU()", ")"),
  ]

  private static func source(_ name: String, _ count: Int) -> String {
    if name == "blocks" {
      let lines = (0..<count).map { String(repeating: " ", count: $0 + 4) + "if x is not None:" }
      return HostileTests.network(
        forward: "\n" + lines.joined(separator: "\n") + "\n" + String(repeating: " ", count: count + 4)
          + "x = x\n    return x")
    }
    guard let nesting = nestings.first(where: { $0.name == name }) else { return "" }
    let expression =
      String(repeating: nesting.open, count: count) + nesting.middle
      + String(repeating: nesting.close, count: count)
    return HostileTests.network(initializer: "x = 1\n    self.layer = \(expression)")
  }

  @Test(arguments: nestings.map(\.name) + ["blocks"]) func deepestSource(_ name: String) {
    var (accepted, refused) = (0, 600)
    while refused - accepted > 1 {
      let middle = (accepted + refused) / 2
      if Parser.parse(Self.source(name, middle)).hasErrors { refused = middle } else { accepted = middle }
    }
    #expect(accepted >= 20, "only \(accepted) levels")
    let source = Self.source(name, accepted)
    let options = CompilationOptions(inputShape: [2, 3, 8, 8])
    let isDone = onSmallStack {
      _ = Printer.print(Parser.parse(source).module)
      _ = NetworkOutline.reading(source).summary
      _ = try? NetworkCompiler.compile(source, options: options)
      _ = try? Healer.heal(source, options: options)
      _ = EditSchema.json(for: source, maximumEdits: 2)
      let edit = NetworkEdit.insert(after: NetworkEdit.inputName, LayerSpecification(.relu))
      _ = NetworkEditor.apply([edit], to: source, options: options)
    }
    #expect(isDone)
  }
}
