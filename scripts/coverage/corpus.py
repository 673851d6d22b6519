#!/usr/bin/env python3
"""Makes the list of cases from unpacked packages of models:  corpus.py PACKAGES CASES.jsonl

PACKAGES holds a folder for each package that scripts/compiler-coverage downloads; torchvision is the installed one.
Files that import from their own package are written beside it as one file each. Nothing of them belongs to Niche.
"""
import ast
import glob
import inspect
import json
import os
import re
import sys

from bundle import bundle

HERE = os.path.dirname(os.path.abspath(__file__))
FIXTURES = os.path.join(HERE, "../../Tests/TorchFrontendTests/Fixtures/networks/*.py")

TORCHVISION = """
alexnet squeezenet1_0 squeezenet1_1 resnet18 resnet34 resnet50 resnext50_32x4d wide_resnet50_2 resnet101 vgg11
vgg11_bn densenet121 googlenet inception_v3 mobilenet_v2 mobilenet_v3_small mobilenet_v3_large mnasnet0_5
mnasnet1_0 shufflenet_v2_x0_5 shufflenet_v2_x1_0 efficientnet_b0 efficientnet_b1 efficientnet_v2_s regnet_y_400mf
regnet_x_400mf regnet_x_1_6gf convnext_tiny swin_t swin_v2_t vit_b_16 vit_b_32
""".split()

LIGHTNING = """lenet:LeNet() vgg:VGG('VGG11') resnet:ResNet18() resnet:ResNet50() preact_resnet:PreActResNet18()
googlenet:GoogLeNet() densenet:DenseNet121() densenet:densenet_cifar() dpn:DPN26() dla:DLA()
efficientnet:EfficientNetB0() mobilenet:MobileNet() mobilenetv2:MobileNetV2() pnasnet:PNASNetA() pnasnet:PNASNetB()
regnet:RegNetX_200MF() regnet:RegNetY_400MF() senet:SENet18() shufflenet:ShuffleNetG2()
shufflenetv2:ShuffleNetV2(0.5)""".split()

# What a package that is not installed must give for the file to run in PyTorch.
LIGHTNING_STAND_IN = """
import sys, types, torch.nn as nn
for name in ("pytorch_lightning", "torchmetrics", "torchmetrics.functional"):
    sys.modules[name] = types.ModuleType(name)
sys.modules["pytorch_lightning"].LightningModule = type(
    "LightningModule", (nn.Module,), {"save_hyperparameters": lambda self, *a, **k: None})
sys.modules["torchmetrics.functional"].accuracy = None
"""

CADENE = [
    ("bninception", "BNInception(10)", 224), ("cafferesnet", "ResNet(Bottleneck, [1, 2, 2, 1], 10)", 224),
    ("dpn", "dpn68(10, pretrained=None)", 224), ("fbresnet", "FBResNet(Bottleneck, [1, 1, 1, 1], 10)", 224),
    ("inceptionv4", "InceptionV4(10)", 299), ("nasnet_mobile", "NASNetAMobile(10)", 224), ("vggm", "VGGM(10)", 224),
    ("senet", "SENet(SEResNetBottleneck, [1, 2, 2, 1], groups=1, reduction=16, dropout_p=None, inplanes=64, "
     "input_3x3=False, downsample_kernel_size=1, downsample_padding=0, num_classes=10)", 224),
    ("xception", "Xception(10)", 299),
]

SMALL = "dim=128, depth=2, heads=4, mlp_dim=256"
VIT = [
    ("simple_vit_with_register_tokens", f"SimpleViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("simple_flash_attn_vit", f"SimpleViT(image_size=64, patch_size=8, num_classes=10, {SMALL}, use_flash=False)",
     "3x64x64"),
    ("simple_vit_with_qk_norm", f"SimpleViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("simple_vit_1d", f"SimpleViT(seq_len=64, patch_size=8, num_classes=10, {SMALL})", "3x64"),
    ("vit_1d", f"ViT(seq_len=64, patch_size=8, num_classes=10, {SMALL})", "3x64"),
    ("simple_vit_with_value_residual", f"SimpleViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("simple_vit_with_patch_dropout", f"SimpleViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("vit_with_patch_dropout", f"ViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("simple_vit_3d", "SimpleViT(image_size=32, image_patch_size=8, frames=4, frame_patch_size=2, num_classes=10, "
     f"{SMALL})", "3x4x32x32"),
    ("vit_3d", f"ViT(image_size=32, image_patch_size=8, frames=4, frame_patch_size=2, num_classes=10, {SMALL})",
     "3x4x32x32"),
    ("normalized_vit", f"nViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("rvt", f"RvT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
    ("local_vit", f"LocalViT(image_size=64, patch_size=8, num_classes=10, {SMALL})", "3x64x64"),
]

# Hyperparameters that networks of the LEMUR data set ask for.
LEMUR = dict(lr=0.01, momentum=0.9, dropout=0.2, batch=8, attention_dropout=0.1, stochastic_depth_prob=0.0,
             norm_eps=1e-5, norm_std=1.0, patch_size=8, pretrained=0, dropout_aux=0.1, norm_momentum=0.1,
             kernel_size=3)


class Corpus:
    def __init__(self, packages):
        self.packages = os.path.abspath(packages)
        self.cases = []

    def add(self, group, name, file, call, shape, **more):
        self.cases.append(dict(id=f"{group}/{name}", group=group, file=os.path.abspath(file), call=call,
                               inputs=[shape], **more))

    def files(self, pattern):
        return sorted(glob.glob(f"{self.packages}/{pattern}", recursive=True))

    def whole(self, path, package=None):
        """The path of the file as one that needs none of its package."""
        folder = f"{self.packages}/whole"
        os.makedirs(folder, exist_ok=True)
        target = f"{folder}/{os.path.basename(os.path.dirname(path))}_{os.path.basename(path)}"
        with open(target, "w") as file:
            file.write(bundle(path, package))
        return target

    def fixtures(self):
        for path in sorted(glob.glob(FIXTURES)):
            with open(path) as file:
                source = file.read()
            shape = source.split("\n")[0].split()[-1].split("x", 1)[1]
            classes = [node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
            self.add("fixtures", os.path.basename(path)[:-3], path, f"{classes[-1]}()", shape)

    def torchvision(self):
        import torchvision.models
        for name in TORCHVISION:
            function = inspect.unwrap(getattr(torchvision.models, name))
            shape = "3x299x299" if name == "inception_v3" else "3x224x224"
            self.add("torchvision", name, inspect.getsourcefile(function), f"{name}()", shape,
                     module=function.__module__)

    def lemur(self):
        seen = {}
        for path in self.files("nn-dataset/**/ab/nn/nn/*.py"):
            name = os.path.basename(path)[:-3]
            family = name.split("-")[0]
            seen[family] = seen.get(family, 0) + 1
            if name == "__init__" or seen[family] > (60 if family == "ga" else 2):
                continue
            size = 224 if re.search("VisionTransformer|Swin|MaxVit", name) else 299 if "Inception" in name else 64
            self.add("lemur", name, path, f"Net((1, 3, {size}, {size}), (10,), {LEMUR!r}, 'cpu')", f"3x{size}x{size}")

    def vision_transformers(self):
        root = os.path.dirname(os.path.dirname(self.files("vit-pytorch/**/vit_pytorch/vit.py")[0]))
        for name, call, shape in VIT:
            self.add("vit-pytorch", name, self.whole(f"{root}/vit_pytorch/{name}.py", root), call, shape)
        # The examples of its manual: an import, a call and the shape of an image.
        with open(glob.glob(f"{root}/vit_pytorch-*.dist-info/METADATA")[0]) as file:
            examples = re.findall(r"```python\n(.*?)```", file.read(), re.S)
        for example in examples:
            self.example(example, root)

    def example(self, text, root):
        try:
            tree = ast.parse(text)
        except SyntaxError:
            return
        modules = {alias.name: node.module for node in tree.body if isinstance(node, ast.ImportFrom)
                   and (node.module or "").startswith("vit_pytorch") for alias in node.names}
        image = re.search(r"torch\.randn\(([\d, ]+)\)", text)
        for node in tree.body if image else []:
            call = getattr(node, "value", None)
            if not isinstance(call, ast.Call) or getattr(call.func, "id", None) not in modules:
                continue
            module = modules[call.func.id]
            path = f"{root}/{(module if '.' in module else 'vit_pytorch.vit').replace('.', '/')}.py"
            name = f"{os.path.basename(path)[:-3]}-{call.func.id}"
            if os.path.exists(path) and not any(case["id"] == f"vit-pytorch/{name}" for case in self.cases):
                shape = "x".join(word.strip() for word in image.group(1).split(",")[1:])
                self.add("vit-pytorch", name, self.whole(path, root), ast.unparse(call), shape)

    def lightning(self):
        for word in LIGHTNING:
            name, call = word.split(":")
            for path in self.files(f"pytorch-lightning-cifar/**/models/{name}.py"):
                self.add("lightning-cifar", f"{name}-{re.sub(r'[^A-Za-z0-9]', '', call)}", path, call, "3x32x32",
                         prelude=LIGHTNING_STAND_IN)

    def cadene(self):
        for name, call, size in CADENE:
            for path in self.files(f"pretrainedmodels/**/models/{name}.py"):
                self.add("pretrainedmodels", name, path, call, f"3x{size}x{size}")

    def pytorchcv(self):
        """The first small network of each classification file."""
        for path in self.files("pytorchcv/**/models/*.py"):
            base = os.path.basename(path)[:-3]
            with open(path) as file:
                names = re.search(r"__all__ = \[(.*?)\]", file.read(), re.S)
            names = re.findall(r"['\"]([a-z]\w*)['\"]", names.group(1)) if names else []
            names = [name for name in names if not name.startswith("get_")]
            if not names or re.search("raft|propainter|jasper|quartz|pfpc|voca|viseme|nvpatt|superpoint|_coco", base):
                continue
            small = [name for name in names if re.search("18|20|8|w1d4|x0_5|_a|b0|small|26", name)] or names
            size = 32 if "cifar" in base else 299 if base in ("inceptionv3", "inceptionv4") else 224
            self.add("pytorchcv", small[0], self.whole(path), f"{small[0]}()", f"3x{size}x{size}")


def main():
    corpus = Corpus(sys.argv[1])
    for family in (corpus.fixtures, corpus.torchvision, corpus.lemur, corpus.vision_transformers, corpus.lightning,
                   corpus.cadene, corpus.pytorchcv):
        family()
    with open(sys.argv[2], "w") as file:
        for case in corpus.cases:
            file.write(json.dumps(case) + "\n")
    print(f"{len(corpus.cases)} cases")


if __name__ == "__main__":
    main()
