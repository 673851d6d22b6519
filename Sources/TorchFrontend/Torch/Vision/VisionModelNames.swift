extension Library {
  /// The networks of `torchvision.models` that stand in modules of their own, which are read when first asked for.
  static let visionModelModules: Family = { library in
    let modules: [(module: String, text: String, names: [String])] = [
      (
        "efficientnet", visionEfficientModels,
        ["EfficientNet"]
          + ["b0", "b1", "b2", "b3", "b4", "b5", "b6", "b7", "v2_s", "v2_m", "v2_l"].flatMap {
            ["efficientnet_\($0)", "EfficientNet_\($0.uppercased())_Weights"]
          }
      ),
      (
        "_small", visionSmallModels,
        ["MNASNet", "ShuffleNetV2"]
          + ["0_5", "0_75", "1_0", "1_3"].flatMap { ["mnasnet\($0)", "MNASNet\($0)_Weights"] }
          + ["0_5", "1_0", "1_5", "2_0"].flatMap { ["shufflenet_v2_x\($0)", "ShuffleNet_V2_X\($0)_Weights"] }
      ),
      (
        "_transformers", visionTransformerModels,
        ["ConvNeXt", "VisionTransformer"]
          + ["Tiny", "Small", "Base", "Large"].flatMap {
            ["convnext_\($0.lowercased())", "ConvNeXt_\($0)_Weights"]
          }
          + ["B_16", "B_32", "L_16", "L_32", "H_14"].flatMap {
            ["vit_\($0.lowercased())", "ViT_\($0)_Weights"]
          }
      ),
      (
        // The function has the module's name.
        "_googlenet", visionGoogLeNet, ["googlenet", "GoogLeNet", "GoogLeNetOutputs", "GoogLeNet_Weights"]
      ),
      (
        "inception", visionInception,
        ["Inception3", "InceptionOutputs", "inception_v3", "Inception_V3_Weights"]
      ),
      (
        "regnet", visionRegNetModels,
        ["RegNet"]
          + ["400mf", "800mf", "1_6gf", "3_2gf", "8gf", "16gf", "32gf", "128gf"].flatMap { size in
            ["x", "y"].flatMap { kind in
              [
                "regnet_\(kind)_\(size)",
                "RegNet_\(kind.uppercased())_\(size.uppercased())_Weights",
              ]
            }
          }
      ),
    ]
    for (module, text, names) in modules {
      library.prelude("torchvision.models.\(module)", text)
      for name in names where name != "regnet_x_128gf" && name != "RegNet_X_128GF_Weights" {
        library.alias("torchvision.models.\(name)", of: "torchvision.models.\(module).\(name)")
      }
    }
    library.alias("torchvision.models.mnasnet", of: "torchvision.models._small")
    library.alias("torchvision.models.shufflenetv2", of: "torchvision.models._small")
    library.alias("torchvision.models.convnext", of: "torchvision.models._transformers")
    library.alias("torchvision.models.vision_transformer", of: "torchvision.models._transformers")
  }
}
