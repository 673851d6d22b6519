import Foundation
import PythonSyntax
import Testing

@testable import TorchFrontend

/// The layers of torchvision and timm that are written in Python.
@Suite struct VisionParityTests {
  private static func vision(_ layer: String, on shape: [Int], training: Bool = true) -> ValueCase {
    ValueCase(
      layer, on: shape,
      definitions: "from torchvision.ops import *\nfrom torchvision.ops.misc import ConvNormActivation\n",
      training: training)
  }

  private static func timm(_ layer: String, on shape: [Int], training: Bool = true) -> ValueCase {
    ValueCase(
      layer, on: shape, definitions: "import timm.layers as L\nfrom timm.layers import *\n",
      training: training, since: [2, 1])
  }

  private static func model(_ call: String, _ imports: String = "") -> ValueCase {
    ValueCase(
      call, on: [2, 3, 64, 64], definitions: "import torchvision.models as models\n" + imports,
      training: false,
      since: [2, 1], tolerance: 1e-3, comparesInitialValues: false)
  }

  static let operations = [
    vision("Conv2dNormActivation(3, 8, stride=2)", on: [2, 3, 9, 9]),
    vision("Conv2dNormActivation(3, 8, (3, 5), norm_layer=None, activation_layer=None)", on: [2, 3, 9, 9]),
    vision(
      "Conv2dNormActivation(4, 8, 3, groups=2, dilation=2, activation_layer=nn.SiLU)", on: [2, 4, 9, 9]),
    vision("Conv3dNormActivation(3, 4)", on: [2, 3, 4, 5, 5]),
    vision("SqueezeExcitation(8, 4, nn.SiLU, nn.Hardsigmoid)", on: [2, 8, 4, 4]),
    vision("MLP(8, [16, 4], norm_layer=nn.LayerNorm)", on: [2, 8]),
    vision("Permute([0, 2, 1])", on: [2, 3, 4]),
    vision("StochasticDepth(0.3, 'row')", on: [2, 3], training: false),
    vision("StochasticDepth(0.0, 'batch')", on: [2, 3]),
    vision("FrozenBatchNorm2d(4)", on: [2, 4, 3, 3]),
    vision("DropBlock2d(0.2, 3)", on: [2, 4, 8, 8], training: false),
  ]

  static let layers = [
    timm("Mlp(8, 16)", on: [2, 3, 8]),
    timm("Mlp(8, 16, 4, use_conv=True, norm_layer=L.GroupNorm1, bias=(True, False))", on: [2, 8, 4, 4]),
    timm("GluMlp(8, 16)", on: [2, 3, 8]), timm("SwiGLU(8, 15, align_to=8)", on: [2, 3, 8]),
    timm("ConvMlp(8, 12, norm_layer=L.LayerNorm2d)", on: [2, 8, 4, 4]),
    timm("L.mlp.GlobalResponseNormMlp(8, 12)", on: [2, 4, 4, 8]),
    timm("PatchEmbed(16, 4, 3, 12, norm_layer=nn.LayerNorm)", on: [2, 3, 16, 16]),
    timm("PatchEmbed(18, 4, 3, 12, strict_img_size=False, dynamic_img_pad=True)", on: [2, 3, 18, 18]),
    timm("Attention(12, 3, qkv_bias=True, qk_norm=True, norm_layer=nn.LayerNorm)", on: [2, 5, 12]),
    timm("LayerNorm2d(8)", on: [2, 8, 4, 4]), timm("GroupNorm(64)", on: [2, 64, 2, 2]),
    timm("RmsNorm2d(8)", on: [2, 8, 4, 4]), timm("LayerScale(8)", on: [2, 3, 8]),
    timm("DropPath(0.2)", on: [2, 3, 8], training: false), timm("SEModule(32)", on: [2, 32, 4, 4]),
    timm(
      "SqueezeExcite(32, rd_ratio=0.25, add_maxpool=True, act_layer='silu', gate_layer='hard_sigmoid')",
      on: [2, 32, 4, 4]),
    timm("EcaModule(64)", on: [2, 64, 4, 4]),
    timm("SelectAdaptivePool2d(pool_type='catavgmax', flatten=True)", on: [2, 8, 5, 5]),
    timm("SelectAdaptivePool2d(pool_type='fastavgmax')", on: [2, 8, 5, 5]),
    timm("ClassifierHead(8, 10)", on: [2, 8, 4, 4]),
    timm("NormMlpClassifierHead(8, 10, 16, act_layer='gelu')", on: [2, 8, 4, 4]),
    timm("ConvNormAct(3, 8, 3, padding='same', stride=2, act_layer='silu')", on: [2, 3, 9, 9]),
    timm("ConvNormAct(3, 8, 1, apply_act=False, norm_layer='groupnorm1')", on: [2, 3, 9, 9]),
    timm("BatchNormAct2d(8, act_layer=nn.GELU)", on: [2, 8, 4, 4]),
    timm("create_conv2d(4, 8, 3, depthwise=True)", on: [2, 4, 6, 6]),
    timm("create_pool2d('max', 3, 2, padding='same')", on: [2, 4, 7, 7]),
  ]

  static let models = [
    model("models.resnet18(num_classes=10)"), model("models.mobilenet_v2(weights=None, width_mult=0.5)"),
    model("models.mobilenet_v3_small(num_classes=10)"), model("models.squeezenet1_1(num_classes=10)"),
    model("nn.Sequential(*list(models.resnet50(weights=None).children())[:-3])"),
    model("models.densenet121(num_classes=4).features[:6]"),
    model("models.vgg.make_layers([8, 'M', 16], batch_norm=True)"),
  ]

  /// Small networks of the classes that stand in modules of their own, and their parts.
  static let furtherModels = [
    model(
      "models.efficientnet.EfficientNet([models.efficientnet.FusedMBConvConfig(4, 3, 2, 8, 16, 2), "
        + "models.efficientnet.FusedMBConvConfig(1, 3, 1, 16, 16, 1), "
        + "models.efficientnet.MBConvConfig(4, 3, 2, 16, 24, 2)], 0.2, num_classes=4, last_channel=32)"),
    model("models.mnasnet.MNASNet(0.1, num_classes=4).layers[:14]"),
    model("models.ShuffleNetV2([2, 1, 1], [8, 16, 32, 64, 32], num_classes=4)"),
    model(
      "models.convnext.ConvNeXt([models.convnext.CNBlockConfig(8, 16, 2), "
        + "models.convnext.CNBlockConfig(16, None, 1)], 0.1, num_classes=4)"),
    model("models.VisionTransformer(64, 16, 2, 2, 16, 32, num_classes=4, representation_size=8)"),
    model(
      "models.vision_transformer.VisionTransformer(64, 4, 1, 2, 16, 32, num_classes=4, "
        + "conv_stem_configs=[models.vision_transformer.ConvStemConfig(8, 3, 2), "
        + "models.vision_transformer.ConvStemConfig(8, 3, 2)])"),
    model(
      "models.RegNet(models.regnet.BlockParams.from_init_params(5, 16, 12.5, 2.0, 8, se_ratio=0.25), num_classes=4)"
    ),
    model(
      "nn.Sequential(nn.Conv2d(3, 8, 3, 4), Inception(8, 4, 6, 8, 2, 4, 4))",
      "from torchvision.models.googlenet import Inception"),
    model(
      "nn.Sequential(nn.Conv2d(3, 8, 3, 8), InceptionC(8, 4), nn.Conv2d(768, 8, 1), InceptionA(8, 4))",
      "from torchvision.models.inception import InceptionA, InceptionC"),
  ]

  @Test func furtherModelsAreThoseOfTorchvision() throws {
    try check(Self.furtherModels, with: "torchvision")
  }

  /// Names and shapes of whole networks, in order.
  @Test(arguments: [
    "efficientnet_b0()", "efficientnet_b5(num_classes=10)", "efficientnet_v2_s()", "mnasnet0_75()",
    "mnasnet1_3()", "shufflenet_v2_x1_5()", "convnext_tiny()", "vit_b_32(image_size=64)",
    "googlenet(init_weights=False)", "googlenet(aux_logits=False, init_weights=False)",
    "inception_v3(init_weights=False)", "regnet_y_1_6gf()", "regnet_x_400mf()", "regnet_x_8gf()",
  ]) func wholeNetworksHaveTheNamesOfTorchvision(_ call: String) throws {
    guard let python = PyTorch.python,
      try PyTorch.run(python, ["-c", "import torchvision"], input: "").status == 0
    else {
      print("notice: there is no torchvision; \(call) is not compared")
      return
    }
    let script = """
      import torchvision.models as models
      for name, value in models.\(call).state_dict().items():
          print(name, list(value.shape), sep="")
      """
    let answer = try PyTorch.run(python, ["-W", "ignore", "-c", script], input: "")
    guard answer.status == 0 else {
      print("notice: this torchvision has no \(call)")
      return
    }
    let expected = String(decoding: answer.output, as: UTF8.self).split(separator: "\n").map(String.init)
      .filter { !$0.hasSuffix("num_batches_tracked[]") }
    let source = """
      import torch.nn as nn
      import torchvision.models as models
      class Net(nn.Module):
          def __init__(self):
              super().__init__()
              self.n = models.\(call)
              raise RuntimeError("|".join(f"{k}{list(v.shape)}" for k, v in self.n.state_dict().items()))
          def forward(self, x):
              return self.n(x)
      """
    let failure = #expect(throws: CompilationFailure.self) {
      try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [1, 3, 64, 64]))
    }
    let message = try #require(failure?.diagnostics.first?.message)
    let found = message.replacing("RuntimeError: ", with: "").split(separator: "|").map(String.init)
      .filter { !$0.hasSuffix("num_batches_tracked[]") }
    #expect(found == expected)
  }

  @Test func operationsAreThoseOfTorchvision() throws { try check(Self.operations, with: "torchvision") }
  @Test func layersAreThoseOfTimm() throws { try check(Self.layers, with: "timm.layers") }
  @Test func modelsAreThoseOfTorchvision() throws { try check(Self.models, with: "torchvision") }

  /// Compares where PyTorch has the package; elsewhere, that all compile and run is all that is checked.
  private func check(_ cases: [ValueCase], with package: String) throws {
    if let python = PyTorch.python,
      (try? PyTorch.run(python, ["-c", "import \(package)"], input: "").status) == 0
    {
      return try ValueComparison.check(cases)
    }
    print("notice: no python3 can import \(package); the comparison with it is skipped")
    for item in cases { _ = try ValueRun(item, isTraining: item.isTraining[0]) }
  }

  private static func failure(_ source: String) -> String? {
    do throws(CompilationFailure) {
      _ = try NetworkCompiler.compile(source, options: CompilationOptions(inputShape: [2, 3, 32, 32]))
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func whatIsMissingIsSaidAtTheCallOfTheSource() throws {
    let head = "import torch.nn as nn\nimport torchvision\nfrom torchvision.ops import MLP\nimport timm\n\n"
    func network(_ layer: String) -> String {
      head
        + "class Net(nn.Module):\n  def __init__(self):\n    super().__init__()\n    self.layer = \(layer)\n"
        + "  def forward(self, x):\n    return self.layer(x)\n"
    }
    let weights = try #require(Self.failure(network("torchvision.models.resnet18(pretrained=True)")))
    #expect(weights.contains("pretrained weights of resnet18 are not available"))
    #expect(weights.contains("9:18"))
    let named = try #require(
      Self.failure(
        network("torchvision.models.resnet50(weights=torchvision.models.ResNet50_Weights.DEFAULT)")))
    #expect(named.contains("pretrained weights of resnet50 are not available"))
    let unknown = try #require(Self.failure(network("torchvision.models.swin_t()")))
    #expect(unknown.contains("torchvision.models.swin_t is not supported"))
    let factory = try #require(Self.failure(network("timm.create_model('resnet18')")))
    #expect(factory.contains("timm.create_model('resnet18') is not supported"))
    // A shape error within a layer written in Python is one of the source's own line.
    let shape = try #require(Self.failure(network("MLP(8, [4])")))
    #expect(shape.contains("11:12"))
  }
}
