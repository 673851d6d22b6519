"""The networks of the suite, and in which modes PyTorch runs them."""
import collections

# The file without its suffix, the arguments of its constructor, and the shape of an input.
Network = collections.namedtuple("Network", "title file arguments input", defaults=({}, "3x32x32"))


def cell(title, *operations):
    """A network of NAS-Bench-201; the operations are those of the edges 0→1, 0→2, 1→2, 0→3, 1→3, 2→3."""
    a, b, c, d, e, f = (
        {"3": "nor_conv_3x3", "1": "nor_conv_1x1", "p": "avg_pool_3x3", "s": "skip_connect", "n": "none"}[letter]
        for letter in "".join(operations))
    return Network(f"NAS-Bench-201, {title}", "nasbench201", {"arch": f"|{a}~0|+|{b}~0|{c}~1|+|{d}~0|{e}~1|{f}~2|"})


NETWORKS = {
    "nasbench201_conv3x3": cell("all 3 × 3", "333333"),
    "nasbench201_conv1x1": cell("all 1 × 1", "111111"),
    "nasbench201_avg_pool": cell("all average pool", "pppppp"),
    "nasbench201_skip": cell("all skip", "ssssss"),
    # By the mean test accuracy on CIFAR-10 after 200 epochs, 94.37 %.
    "nasbench201_best": cell("best on CIFAR-10", "333s31"),
    "nasbench201_mixed": cell("all five operations", "3p1sn3"),
    "resnet8": Network("ResNet-8", "resnet", {"blocks": 1}),
    "resnet20": Network("ResNet-20", "resnet", {"blocks": 3}),
    "mobilenetv2_like": Network("Inverted residuals", "mobilenetv2_like"),
    "llmatic_initial": Network("LLMatic's initial network", "llmatic_initial"),
    "small_cnn": Network("Two convolutions", "small_cnn"),
    "wide_cnn": Network("Four convolutions", "wide_cnn"),
    "vit": Network("Vision transformer", "vit"),
    "mlp": Network("MLP 784-512-512-10", "mlp", {}, "1x28x28"),
}
# Of these the first step is measured, and of those what two cores do: slow and fast ones, bound by arithmetic and by
# memory.
START = ["llmatic_initial", "mlp", "small_cnn", "resnet20", "nasbench201_best", "vit"]
CORES = ["nasbench201_best", "resnet20", "mobilenetv2_like", "small_cnn", "vit", "mlp"]

# Of PyTorch: (engine, layout) by name.
EAGER = {"default": ("eager", "default"), "channels-last": ("eager", "channels-last")}
COMPILED = {
    "default, compiled": ("compile", "default"), "channels-last, compiled": ("compile", "channels-last")}
ONNXRUNTIME = {"onnxruntime": ("onnxruntime", "default")}
