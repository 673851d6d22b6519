import NetworkGraph
import PythonSyntax
import RandomStreams
import Testing

@testable import TorchFrontend

@Suite struct EditingEditorTests {
  /// Every edit, on every layer of every parent: it compiles to ten classes or is refused with a reason.
  @Test(arguments: EditingParent.all)
  func everyEditAppliesOrIsRefused(_ parent: EditingParent) throws {
    let outline = try NetworkOutline(parent.source, options: parent.options)
    #expect(outline.layers.filter(\.isHead).count == 1)
    var edits: [NetworkEdit] = []
    for name in [NetworkEdit.inputName] + outline.layers.map(\.name) {
      for kind in LayerKind.allCases {
        edits.append(.insert(after: name, LayerSpecification(kind)))
        edits.append(.insert(after: name, LayerSpecification(kind, width: 24, kernelSize: 5, stride: 2)))
        edits.append(.replace(layer: name, LayerSpecification(kind, width: 20)))
      }
      edits += [.delete(layer: name), .wrapInResidual(layer: name)]
      for (attribute, value) in [
        ("width", 40.0), ("kernel_size", 5), ("stride", 2), ("p", 0.5), ("bogus", 1),
      ] {
        edits.append(.setAttribute(layer: name, name: attribute, value: value))
      }
    }
    #if DEBUG
      // All of them take a minute without optimisation; every layer and every kind of edit still has its turn.
      edits = edits.enumerated().filter { $0.offset % 5 == 0 }.map(\.element)
    #endif
    var applied = 0
    for edit in edits {
      let outcome = NetworkEditor.apply([edit], to: parent.source, options: parent.options)
      #expect(outcome.applied.count + outcome.refused.count == 1)
      if outcome.applied.isEmpty {
        #expect(outcome.source == parent.source)
        #expect(outcome.refused.first?.isEmpty == false)
        continue
      }
      applied += 1
      let network = try NetworkCompiler.compile(outcome.source, options: parent.options)
      #expect(network.outputShape == [2, 10], "\(edit)")
      #expect(!Parser.parse(outcome.source).hasErrors)
      #expect(outcome.source != parent.source)
    }
    #expect(applied * 10 > edits.count * 4, "\(applied) of \(edits.count) applied")
  }

  private func apply(_ edit: NetworkEdit, to parent: EditingParent) throws -> String {
    let outcome = NetworkEditor.apply([edit], to: parent.source, options: parent.options)
    try #require(outcome.refused.isEmpty, "\(outcome.refused)")
    return outcome.source
  }

  @Test func insertsALineInTheStyleOfTheParent() throws {
    let source = try apply(
      .insert(after: "conv1", LayerSpecification(.conv, width: 16, kernelSize: 3)), to: .start)
    #expect(source.contains("        self.conv2 = nn.Conv2d(1, 16, kernel_size=3, padding=1)\n"))
    #expect(source.contains("        x = F.relu(self.conv1(x))\n        x = F.relu(self.conv2(x))\n"))
    #expect(source.contains("self.fc1 = nn.Linear(12544, 10)"))
  }

  @Test func insertsWithinANestedCall() throws {
    let source = try apply(.insert(after: "conv2", LayerSpecification(.conv, width: 48)), to: .nested)
    #expect(
      source.contains(
        """
                x = F.relu(self.conv2(x))
                x = self.pool(F.relu(self.bn2(self.conv3(x))))

        """))
    #expect(source.contains("self.bn2 = nn.BatchNorm2d(48)"))
  }

  @Test func insertsWithinAnExpression() throws {
    let source = try apply(.insert(after: "b", LayerSpecification(.linear, width: 20)), to: .returned)
    #expect(
      source.contains(
        "return self.c(torch.tanh(self.fc1(torch.tanh(self.b(torch.flatten(torch.tanh(self.a(x)), 1))))))"))
    #expect(source.contains("        self.fc1 = nn.Linear(16, 20)\n"))
  }

  @Test func leavesNoSumOfAThingWithItself() throws {
    let wrapped = NetworkEditor.apply(
      [.wrapInResidual(layer: "conv1"), .delete(layer: "conv1")], to: EditingParent.start.source,
      options: EditingParent.start.options)
    #expect(wrapped.refused.isEmpty)
    #expect(!wrapped.source.contains("x + x"))
  }

  @Test func insertsElementsOnTheirOwnLines() throws {
    let source = try apply(
      .insert(after: "features.0", LayerSpecification(.conv, width: 16)), to: .sequential)
    #expect(
      source.contains(
        """
                    nn.Conv2d(3, 16, 3, padding=1),  # stem
                    nn.ReLU(inplace=True),
                    nn.Conv2d(16, 16, kernel_size=3, padding=1),
                    nn.BatchNorm2d(16),
        """))
  }

  @Test func putsALayerWhereItFits() throws {
    // A linear layer has no place behind the convolution: it goes behind the flattening.
    let outcome = NetworkEditor.apply(
      [.insert(after: "conv1", LayerSpecification(.linear, width: 32))], to: EditingParent.start.source,
      options: EditingParent.start.options)
    #expect(outcome.applied.first?.contains("the nearest place where it fits") == true)
    #expect(outcome.source.contains("self.fc2 = nn.Linear(784, 32)"))
    #expect(outcome.source.contains("self.fc1 = nn.Linear(32, 10)"))
    let late = NetworkEditor.apply(
      [.insert(after: "fc1", LayerSpecification(.conv, width: 8))], to: EditingParent.start.source,
      options: EditingParent.start.options)
    #expect(late.applied.first?.contains("after conv1, the nearest place where it fits") == true)
  }

  @Test func deletesALayerWithItsActivation() throws {
    let source = try apply(.delete(layer: "fc1"), to: .flat)
    #expect(!source.contains("fc1"))
    #expect(source.contains("self.fc2 = nn.Linear(400, 84)"))
    let nested = try apply(.delete(layer: "bn1"), to: .nested)
    #expect(nested.contains("x = self.pool(F.relu(self.conv1(x)))"))
  }

  @Test func keepsTheClasses() {
    for parent in EditingParent.all {
      guard let outline = try? NetworkOutline(parent.source, options: parent.options),
        let head = outline.layers.first(where: \.isHead)
      else {
        Issue.record("\(parent.name) has no head")
        continue
      }
      for edit in [
        NetworkEdit.delete(layer: head.name), .wrapInResidual(layer: head.name),
        .setAttribute(layer: head.name, name: "width", value: 20),
        .replace(layer: head.name, LayerSpecification(.relu)),
      ] {
        let outcome = NetworkEditor.apply([edit], to: parent.source, options: parent.options)
        #expect(outcome.applied.isEmpty, "\(edit)")
        #expect(outcome.refused.first?.contains("yields the classes") == true)
      }
    }
  }

  @Test func wrapsInAResidual() throws {
    let projected = try apply(.wrapInResidual(layer: "conv1"), to: .start)
    #expect(projected.contains("x = F.relu(x + self.conv1(x))"))
    let nested = try apply(.wrapInResidual(layer: "conv2"), to: .nested)
    #expect(nested.contains("self.projection1 = nn.Conv2d(16, 32, kernel_size=1)"))
    #expect(nested.contains("self.bn2(self.projection1(x) + self.conv2(x))"))
    let hoisted = try apply(.wrapInResidual(layer: "bn1"), to: .nested)
    #expect(hoisted.contains("        shortcut1 = self.conv1(x)\n"))
    #expect(hoisted.contains("x = self.pool(F.relu(shortcut1 + self.bn1(shortcut1)))"))
    let element = try apply(.wrapInResidual(layer: "features.4"), to: .sequential)
    #expect(element.contains("class Residual(nn.Module):"))
    #expect(
      element.contains("Residual(nn.Conv2d(16, 32, 3, padding=1), nn.Conv2d(16, 32, kernel_size=1)),"))
    // The helper is there once, however often it is used.
    let twice = NetworkEditor.apply(
      [.wrapInResidual(layer: "features.1"), .wrapInResidual(layer: "features.2")],
      to: EditingParent.sequential.source, options: EditingParent.sequential.options)
    #expect(twice.refused.isEmpty)
    #expect(twice.source.components("class Residual") == 1)
  }

  @Test func followsWidthsThroughSums() throws {
    // Both summands must grow together: h + bn2(conv2(h)).
    let source = try apply(.setAttribute(layer: "conv1", name: "width", value: 32), to: .residual)
    #expect(source.contains("self.conv2 = nn.Conv2d(32, 32, 3, padding=1)"))
    #expect(source.contains("self.bn2 = nn.BatchNorm2d(32)"))
  }

  @Test func keepsDepthwiseConvolutionsDepthwise() throws {
    let source = try apply(.setAttribute(layer: "conv1", name: "width", value: 20), to: .separate)
    #expect(source.contains("self.depthwise = nn.Conv2d(20, 20, 3, padding=1, groups=20)"))
  }

  @Test func keepsCommentsAndLayout() throws {
    let parent = EditingParent.flat
    let source = try apply(.insert(after: "conv2", LayerSpecification(.batchNorm)), to: parent)
    let lines = Set(source.split(separator: "\n", omittingEmptySubsequences: false))
    let lost = parent.source.split(separator: "\n", omittingEmptySubsequences: false).filter {
      !lines.contains($0)
    }
    #expect(lost == ["        x = F.relu(self.conv2(x))"])
    #expect(source.contains("x = F.relu(self.bn1(self.conv2(x)))"))
  }

  @Test func editsBlocksThatAreBuiltSeveralTimes() throws {
    let source = try apply(.insert(after: "BasicBlock.conv1", LayerSpecification(.conv)), to: .blocks)
    #expect(source.contains("nn.Conv2d(planes, planes, kernel_size=3, padding=1)"))
    let normalized = try apply(.insert(after: "layer1.0.conv2", LayerSpecification(.batchNorm)), to: .blocks)
    #expect(normalized.contains("nn.BatchNorm2d(planes)\n"))
  }

  @Test func refusesWhatIsOutOfBounds() {
    let cases: [(NetworkEdit, String)] = [
      (.delete(layer: "conv9"), "there is no layer 'conv9'"),
      (.setAttribute(layer: "conv1", name: "width", value: 5000), "at most 1024"),
      (.setAttribute(layer: "conv1", name: "width", value: .nan), "is not within"),
      (.setAttribute(layer: "conv1", name: "kernel_size", value: 2.5), "must be a whole number"),
      (.setAttribute(layer: "conv1", name: "in_channels", value: 3), "not one that edits can set"),
      (.setAttribute(layer: "pool", name: "width", value: 3), "a MaxPool2d has no width"),
      (.setAttribute(layer: "conv1", name: "kernel_size", value: 5), "is 5 already"),
    ]
    for (edit, reason) in cases {
      let outcome = NetworkEditor.apply(
        [edit], to: EditingParent.flat.source, options: EditingParent.flat.options)
      #expect(outcome.applied.isEmpty)
      #expect(outcome.refused.first?.contains(reason) == true, "\(outcome.refused)")
    }
    // Pooling until nothing is left to pool.
    let pools = [NetworkEdit](
      repeating: .insert(after: "conv1", LayerSpecification(.maxPool, kernelSize: 2)), count: 8)
    let outcome = NetworkEditor.apply(
      pools, to: EditingParent.start.source, options: EditingParent.start.options)
    #expect(outcome.applied.count == 4)
    #expect(outcome.refused.allSatisfy { $0.contains("too small") })
  }

  @Test func refusesEverythingWhereTheParentIsBroken() {
    for source in ["", "class Net(", "x = 1", "import torch\nclass Net(torch.nn.Module):\n    pass\n"] {
      let outcome = NetworkEditor.apply(
        [.delete(layer: "a"), .insert(after: "input", LayerSpecification(.conv))], to: source,
        options: EditingParent.start.options)
      #expect(outcome.source == source)
      #expect(outcome.applied.isEmpty)
      #expect(outcome.refused.count == 2)
    }
  }

  @Test func respectsLimits() {
    let parent = EditingParent.flat
    let small = EditLimits(maximumParameters: 70_000)
    let outcome = NetworkEditor.apply(
      [
        .setAttribute(layer: "fc1", name: "width", value: 1000),
        .setAttribute(layer: "fc1", name: "width", value: 121),
      ],
      to: parent.source, options: parent.options, limits: small)
    #expect(outcome.refused.count == 1)
    #expect(outcome.applied.count == 1)
  }
}

extension String {
  /// How often another text occurs, not counting overlaps.
  func components(_ other: String) -> Int {
    var count = 0
    var rest = self[...]
    while let range = rest.firstRange(of: other) {
      count += 1
      rest = rest[range.upperBound...]
    }
    return count
  }
}
