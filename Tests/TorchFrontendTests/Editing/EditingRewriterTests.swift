import Foundation
import NetworkGraph
import PythonSyntax
import RandomStreams
import Testing

@testable import TorchFrontend

@Suite struct EditingRewriterTests {
  static func pick<Element>(from elements: [Element], _ stream: inout RandomStream) throws -> Element {
    let picked = stream.element(of: elements)
    return try #require(picked)
  }

  static let single = RewriteInstruction.allCases.filter { $0 != .combine }

  /// Every instruction finds something to do for nearly every parent, and does what it says.
  @Test(arguments: EditingParent.all)
  func followsEveryInstruction(_ parent: EditingParent) throws {
    let before = try NetworkCompiler.compile(parent.source, options: parent.options)
    var failures: [String] = []
    for instruction in Self.single {
      var stream = RandomStream(seed: 11).stream(instruction.rawValue)
      do {
        let rewriting = try Rewriter.rewrite(
          parent.source, instruction: instruction, partner: nil, options: parent.options, stream: &stream)
        let after = try NetworkCompiler.compile(rewriting.source, options: parent.options)
        #expect(after.outputShape == [2, 10])
        #expect(!rewriting.description.isEmpty)
        #expect(rewriting.source != parent.source)
        switch instruction {
        case .addFullyConnected: #expect(after.count("Linear") > before.count("Linear"))
        case .addConvolution: #expect(after.count("Conv2d") > before.count("Conv2d"))
        case .addPooling: #expect(after.count("Pool2d") > before.count("Pool2d"))
        case .addDropout: #expect(after.count("Dropout") > before.count("Dropout"))
        case .addNormalization: #expect(after.count("BatchNorm") > before.count("BatchNorm"))
        case .addResidual, .addResiduals: #expect(after.sums > before.sums)
        case .grow: #expect(after.trainedCount > before.trainedCount)
        case .shrink: #expect(after.trainedCount < before.trainedCount)
        default: break
        }
      } catch let failure as RewriteFailure {
        failures.append("\(instruction.rawValue): \(failure)")
      }
    }
    #expect(failures.count <= (parent.name.hasPrefix("start") ? 2 : 1), "\(failures)")
  }

  /// Random walks from the start network: every step compiles, and they lead to very different networks.
  @Test func walksFarFromTheStart() throws {
    let parent = EditingParent.start
    var hashes: Set<String> = []
    var counts: [Int] = []
    var steps = 0
    var refused = 0
    let limits = EditLimits(maximumParameters: 3_000_000, maximumMACs: 300_000_000)
    #if DEBUG
      let seeds = 4  // fifty of them take minutes without optimisation
    #else
      let seeds = 50
    #endif
    for seed in 0..<seeds {
      var stream = RandomStream(seed: UInt64(seed))
      var source = parent.source
      for _ in 0..<40 {
        let instruction = try Self.pick(from: Self.single, &stream)
        steps += 1
        do throws(RewriteFailure) {
          source = try Rewriter.rewrite(
            source, instruction: instruction, partner: nil, options: parent.options, limits: limits,
            stream: &stream
          ).source
        } catch {
          guard case .nothingApplies = error else { throw error }
          refused += 1
          continue
        }
        #expect(!Parser.parse(source).hasErrors)
        let network = try NetworkCompiler.compile(source, options: parent.options)
        #expect(network.outputShape == [2, 10])
        #expect(network.trainedCount <= 3_000_000)
        hashes.insert(network.graph.canonicalHash)
        counts.append(network.trainedCount)
      }
    }
    #expect(refused * 20 < steps, "\(refused) of \(steps) steps did nothing")
    #expect(hashes.count * 10 > steps * 8, "\(hashes.count) different networks in \(steps) steps")
    let least = try #require(counts.min())
    let most = try #require(counts.max())
    #expect(most > 100 * least, "from \(least) to \(most) parameters")
    print(
      "walks: \(steps) steps, \(refused) did nothing, \(hashes.count) different, \(least)…\(most) parameters")
  }

  @Test func combinesAnyTwo() throws {
    var attempts = 0
    var failures: [String] = []
    let groups = Dictionary(grouping: EditingParent.all, by: \.inputShape)
    for parents in groups.values {
      for first in parents {
        for second in parents where first.name != second.name {
          attempts += 1
          var stream = RandomStream(seed: 3).stream(first.name).stream(second.name)
          do {
            let rewriting = try Rewriter.rewrite(
              first.source, instruction: .combine, partner: second.source, options: first.options,
              stream: &stream)
            let network = try NetworkCompiler.compile(rewriting.source, options: first.options)
            #expect(network.outputShape == [2, 10])
            #expect(rewriting.description.contains("Combined"))
          } catch let failure as RewriteFailure {
            failures.append("\(first.name) with \(second.name): \(failure)")
          }
        }
      }
    }
    #expect(failures.count * 20 <= attempts, "\(failures)")
    print("combinations: \(attempts - failures.count) of \(attempts)")
  }

  /// Descendants combined with each other, which is what a search does.
  @Test func combinesDescendants() throws {
    var stream = RandomStream(seed: 21)
    var pool: [String] = [EditingParent.start.source]
    let options = EditingParent.start.options
    for _ in 0..<60 {
      let parent = try Self.pick(from: pool, &stream)
      let instruction = try Self.pick(from: Self.single, &stream)
      if let next = try? Rewriter.rewrite(
        parent, instruction: instruction, partner: nil, options: options, stream: &stream)
      {
        pool.append(next.source)
      }
    }
    var done = 0
    var failures: [String] = []
    for _ in 0..<60 {
      let first = try Self.pick(from: pool, &stream)
      let second = try Self.pick(from: pool, &stream)
      guard first != second else { continue }
      done += 1
      do {
        let child = try Rewriter.rewrite(
          first, instruction: .combine, partner: second, options: options, stream: &stream)
        #expect(try NetworkCompiler.compile(child.source, options: options).outputShape == [2, 10])
        pool.append(child.source)
      } catch let failure as RewriteFailure {
        failures.append("\(failure)")
      }
    }
    #expect(failures.count * 20 <= done, "\(failures.count) of \(done): \(failures)")
    print("combinations of descendants: \(done - failures.count) of \(done)")
  }

  @Test func isRepeatable() throws {
    for instruction in Self.single {
      let parent = EditingParent.nested
      var first = RandomStream(seed: 5)
      var second = RandomStream(seed: 5)
      let one = try? Rewriter.rewrite(
        parent.source, instruction: instruction, partner: nil, options: parent.options, stream: &first)
      let two = try? Rewriter.rewrite(
        parent.source, instruction: instruction, partner: nil, options: parent.options, stream: &second)
      #expect(one == two)
      #expect(first == second)
    }
  }

  @Test func saysWhyItCannot() {
    var stream = RandomStream(seed: 1)
    let parent = EditingParent.start
    #expect {
      try Rewriter.rewrite("no", instruction: .widen, partner: nil, options: parent.options, stream: &stream)
    } throws: { if case RewriteFailure.parent = $0 { true } else { false } }
    #expect {
      try Rewriter.rewrite(
        parent.source, instruction: .combine, partner: nil, options: parent.options, stream: &stream)
    } throws: { if case RewriteFailure.missingPartner = $0 { true } else { false } }
    #expect {
      try Rewriter.rewrite(
        parent.source, instruction: .combine, partner: "no", options: parent.options, stream: &stream)
    } throws: { if case RewriteFailure.partner = $0 { true } else { false } }
  }
}

extension CompiledNetwork {
  /// How many leaf modules have that in the name of their class.
  func count(_ type: String) -> Int { layers.filter { $0.type.contains(type) }.count }

  /// How many sums of two tensors the graph has.
  var sums: Int {
    graph.nodes.filter { node in
      guard case .binary(.add) = node.operation else { return false }
      return node.inputs.allSatisfy { input in
        if case .constant = graph.producer(of: input).operation { false } else { true }
      }
    }.count
  }
}
