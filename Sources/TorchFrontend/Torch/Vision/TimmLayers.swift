extension Library {
  /// What single-file models import of timm, written in Python.
  static let timmLayers: Family = { library in
    library.namespace("timm", "timm.models", "timm.utils", "timm.optim", "timm.scheduler", "timm.loss")
    library.prelude("timm.layers", timmBlocks + timmNorms + timmMixers + timmHeads)
    library.alias("timm.models.layers", of: "timm.layers")
    for name in [
      "drop", "weight_init", "helpers", "mlp", "patch_embed", "norm", "norm_act", "layer_scale",
      "squeeze_excite",
      "create_act", "create_norm", "create_conv2d", "classifier", "adaptive_avgmax_pool", "conv_bn_act",
      "trace_utils", "attention", "eca", "grn", "padding", "config", "activations", "format",
    ] {
      library.alias("timm.layers.\(name)", of: "timm.layers")
      library.alias("timm.models.layers.\(name)", of: "timm.layers")
    }
    library.prelude("timm.data", timmData)
    library.alias("timm.data.constants", of: "timm.data")
    library.prelude("timm.models._registry", timmRegistry)
    library.alias("timm.models.registry", of: "timm.models._registry")
    library.prelude("timm.models._manipulate", timmManipulation)
    library.alias("timm.models.helpers", of: "timm.models._manipulate")
    library.prelude("timm.models.vision_transformer", timmTransformer)
    for name in ["timm.create_model", "timm.models.create_model"] {
      library.function(name, signature: "(model_name, *args, **kwargs)") { (call) throws(Interruption) in
        throw call.interpreter.unsupported(
          "timm.create_model(\(try call.interpreter.representation(of: call["model_name"]))) is not supported",
          hint: "write the network out: timm's models are not available")
      }
    }
    for name in ["register_notrace_function", "register_notrace_module"] {
      for module in ["timm.models._features_fx", "timm.models.fx_features", "timm.layers._fx"] {
        library.namespace(module)
        library.function("\(module).\(name)", signature: "(target)") { (call) throws(Interruption) in
          call["target"]
        }
      }
    }
  }

  private static let timmData = """
    IMAGENET_DEFAULT_MEAN = (0.485, 0.456, 0.406)
    IMAGENET_DEFAULT_STD = (0.229, 0.224, 0.225)
    IMAGENET_INCEPTION_MEAN = (0.5, 0.5, 0.5)
    IMAGENET_INCEPTION_STD = (0.5, 0.5, 0.5)
    IMAGENET_DPN_MEAN = (124 / 255, 117 / 255, 104 / 255)
    IMAGENET_DPN_STD = tuple([1 / (0.0167 * 255)] * 3)
    OPENAI_CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
    OPENAI_CLIP_STD = (0.26862954, 0.26130258, 0.27577711)

    """

  private static let timmRegistry = """
    def register_model(fn):
        return fn


    def generate_default_cfgs(configurations):
        return dict(configurations)


    def register_model_deprecations(module_name, deprecations):
        return None

    """

  private static let timmManipulation = """
    def named_apply(fn, module, name="", depth_first=True, include_root=False):
        if not depth_first and include_root:
            fn(module=module, name=name)
        for child_name, child in module.named_children():
            path = f"{name}.{child_name}" if name else child_name
            named_apply(fn, child, path, depth_first, True)
        if depth_first and include_root:
            fn(module=module, name=name)
        return module


    def checkpoint(function, *args, **kwargs):
        kwargs.pop("use_reentrant", None)
        return function(*args, **kwargs)


    def checkpoint_seq(functions, x, every=1, flatten=False, skip_last=False, use_reentrant=None):
        for function in functions:
            x = function(x)
        return x


    def build_model_with_cfg(model_cls, variant, pretrained=False, pretrained_cfg=None, model_cfg=None,
                             feature_cfg=None, pretrained_strict=True, pretrained_filter_fn=None,
                             kwargs_filter=None, **kwargs):
        if pretrained:
            raise NotImplementedError("pretrained weights are not available: pass pretrained=False")
        for name in kwargs_filter or ():
            kwargs.pop(name, None)
        return model_cls(**kwargs) if model_cfg is None else model_cls(cfg=model_cfg, **kwargs)

    """

  private static let timmTransformer = """
    from torch import nn
    from timm.layers import *
    from timm.layers import _assert


    class Block(nn.Module):
        def __init__(self, dim, num_heads, mlp_ratio=4.0, qkv_bias=False, qk_norm=False, proj_bias=True,
                     proj_drop=0.0, attn_drop=0.0, init_values=None, drop_path=0.0, act_layer=nn.GELU,
                     norm_layer=nn.LayerNorm, mlp_layer=Mlp):
            super().__init__()
            self.norm1 = norm_layer(dim)
            self.attn = Attention(dim, num_heads=num_heads, qkv_bias=qkv_bias, qk_norm=qk_norm,
                                  proj_bias=proj_bias, attn_drop=attn_drop, proj_drop=proj_drop,
                                  norm_layer=norm_layer)
            self.ls1 = LayerScale(dim, init_values=init_values) if init_values else nn.Identity()
            self.drop_path1 = DropPath(drop_path) if drop_path > 0.0 else nn.Identity()
            self.norm2 = norm_layer(dim)
            self.mlp = mlp_layer(in_features=dim, hidden_features=int(dim * mlp_ratio), act_layer=act_layer,
                                 bias=proj_bias, drop=proj_drop)
            self.ls2 = LayerScale(dim, init_values=init_values) if init_values else nn.Identity()
            self.drop_path2 = DropPath(drop_path) if drop_path > 0.0 else nn.Identity()

        def forward(self, x):
            x = x + self.drop_path1(self.ls1(self.attn(self.norm1(x))))
            return x + self.drop_path2(self.ls2(self.mlp(self.norm2(x))))

    """
}
