import PythonSyntax
import Testing

@testable import TorchFrontend

@Suite struct EditingOutlineTests {
  @Test func describesTheStartNetwork() throws {
    let parent = EditingParent.start
    let outline = try NetworkOutline(parent.source, options: parent.options)
    #expect(outline.summary == "conv1: Conv2d 1->1 k1 | fc1: Linear 784->10")
    #expect(outline.layers.map(\.inputShape) == [[2, 1, 28, 28], [2, 784]])
    #expect(outline.layers.map(\.outputShape) == [[2, 1, 28, 28], [2, 10]])
    #expect(outline.layers.map(\.isHead) == [false, true])
    let text = SourceText(parent.source)
    #expect(outline.layers.map { text[$0.construction] } == ["nn.Conv2d(1, 1, 1)", "nn.Linear(784, 10)"])
    #expect(outline.layers.map { $0.applications.map { text[$0] } } == [["self.conv1(x)"], ["self.fc1(x)"]])
  }

  @Test func followsTheForwardPass() throws {
    let parent = EditingParent.sequential
    let outline = try NetworkOutline(parent.source, options: parent.options)
    #expect(
      outline.layers.map(\.name)
        == (0...6).map { "features.\($0)" } + (0...3).map { "classifier.\($0)" })
    #expect(outline.layers.last?.isHead == true)
    #expect(outline.layers.first { $0.name == "classifier.1" }?.inputShape == [2, 2048])
  }

  @Test func knowsBlocksThatAreBuiltSeveralTimes() throws {
    let parent = EditingParent.blocks
    let outline = try NetworkOutline(parent.source, options: parent.options)
    let conv = try #require(outline.layers.first { $0.name == "layer1.0.conv1" })
    #expect(conv.count == 3)
    #expect(outline.summary.contains("layer1.0.conv1: Conv2d in_planes->planes k3 sstride x3"))
  }

  @Test(arguments: EditingParent.all)
  func readsNamesWithoutCompiling(_ parent: EditingParent) throws {
    let read = NetworkOutline.reading(parent.source)
    let compiled = try NetworkOutline(parent.source, options: parent.options)
    let map = try NetworkMap(parent.source, options: parent.options)
    for layer in read.layers {
      let index = try #require(map.layer(named: layer.name), "\(layer.name)")
      #expect(map.layers[index].call.expression.range == layer.construction)
    }
    #expect(compiled.layers.allSatisfy { $0.inputShape != nil && $0.outputShape != nil })
  }

  @Test func readsAnything() {
    for text in [
      "", "self.a = nn.Conv2d()", "class A(\n", "class A:\n  x = nn.Sequential(nn.ReLU(), *y)", "\u{0}(",
    ] {
      _ = NetworkOutline.reading(text).summary
    }
  }
}
