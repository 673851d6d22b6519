extension Library {
  /// What GoogLeNet and Inception V3 share.
  private static let inceptionPieces = """
    from collections import namedtuple

    import torch
    import torch.nn.functional as F
    from torch import nn
    from torchvision.models._helpers import _untrained, _Weights


    class BasicConv2d(nn.Module):
        def __init__(self, in_channels, out_channels, **kwargs):
            super().__init__()
            self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
            self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

        def forward(self, x):
            return F.relu(self.bn(self.conv(x)), inplace=True)


    def _transform(x):
        # From the means and deviations of ImageNet to 0.5 and 0.5.
        deviations, means = [0.229, 0.224, 0.225], [0.485, 0.456, 0.406]
        return torch.cat([x[:, i:i + 1] * (deviations[i] / 0.5) + (means[i] - 0.5) / 0.5 for i in range(3)], 1)


    def _begin(network):
        for m in network.modules():
            if isinstance(m, (nn.Conv2d, nn.Linear)):
                nn.init.trunc_normal_(m.weight, mean=0.0, std=float(getattr(m, "stddev", network._deviation)), a=-2, b=2)


    """

  /// GoogLeNet.
  static let visionGoogLeNet =
    inceptionPieces + """
      GoogLeNetOutputs = namedtuple("GoogLeNetOutputs", ["logits", "aux_logits2", "aux_logits1"])


      class Inception(nn.Module):
          def __init__(self, in_channels, ch1x1, ch3x3red, ch3x3, ch5x5red, ch5x5, pool_proj, conv_block=None):
              super().__init__()
              block = conv_block or BasicConv2d
              self.branch1 = block(in_channels, ch1x1, kernel_size=1)
              self.branch2 = nn.Sequential(block(in_channels, ch3x3red, kernel_size=1),
                                           block(ch3x3red, ch3x3, kernel_size=3, padding=1))
              # torchvision has a kernel of 3 where the paper has 5.
              self.branch3 = nn.Sequential(block(in_channels, ch5x5red, kernel_size=1),
                                           block(ch5x5red, ch5x5, kernel_size=3, padding=1))
              self.branch4 = nn.Sequential(nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
                                           block(in_channels, pool_proj, kernel_size=1))

          def forward(self, x):
              return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


      class InceptionAux(nn.Module):
          def __init__(self, in_channels, num_classes, conv_block=None, dropout=0.7):
              super().__init__()
              self.conv = (conv_block or BasicConv2d)(in_channels, 128, kernel_size=1)
              self.fc1 = nn.Linear(2048, 1024)
              self.fc2 = nn.Linear(1024, num_classes)
              self.dropout = nn.Dropout(p=dropout)

          def forward(self, x):
              x = torch.flatten(self.conv(F.adaptive_avg_pool2d(x, (4, 4))), 1)
              return self.fc2(self.dropout(F.relu(self.fc1(x), inplace=True)))


      class GoogLeNet(nn.Module):
          _deviation = 0.01

          def __init__(self, num_classes=1000, aux_logits=True, transform_input=False, init_weights=None, blocks=None,
                       dropout=0.2, dropout_aux=0.7):
              super().__init__()
              blocks = blocks or [BasicConv2d, Inception, InceptionAux]
              if len(blocks) != 3:
                  raise ValueError(f"blocks length should be 3 instead of {len(blocks)}")
              conv_block, block, aux_block = blocks
              self.aux_logits = aux_logits
              self.transform_input = transform_input
              self.conv1 = conv_block(3, 64, kernel_size=7, stride=2, padding=3)
              self.maxpool1 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
              self.conv2 = conv_block(64, 64, kernel_size=1)
              self.conv3 = conv_block(64, 192, kernel_size=3, padding=1)
              self.maxpool2 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
              self.inception3a = block(192, 64, 96, 128, 16, 32, 32)
              self.inception3b = block(256, 128, 128, 192, 32, 96, 64)
              self.maxpool3 = nn.MaxPool2d(3, stride=2, ceil_mode=True)
              self.inception4a = block(480, 192, 96, 208, 16, 48, 64)
              self.inception4b = block(512, 160, 112, 224, 24, 64, 64)
              self.inception4c = block(512, 128, 128, 256, 24, 64, 64)
              self.inception4d = block(512, 112, 144, 288, 32, 64, 64)
              self.inception4e = block(528, 256, 160, 320, 32, 128, 128)
              self.maxpool4 = nn.MaxPool2d(2, stride=2, ceil_mode=True)
              self.inception5a = block(832, 256, 160, 320, 32, 128, 128)
              self.inception5b = block(832, 384, 192, 384, 48, 128, 128)
              self.aux1 = aux_block(512, num_classes, dropout=dropout_aux) if aux_logits else None
              self.aux2 = aux_block(528, num_classes, dropout=dropout_aux) if aux_logits else None
              self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
              self.dropout = nn.Dropout(p=dropout)
              self.fc = nn.Linear(1024, num_classes)
              if init_weights is None or init_weights:
                  _begin(self)

          def forward(self, x):
              if self.transform_input:
                  x = _transform(x)
              x = self.maxpool2(self.conv3(self.conv2(self.maxpool1(self.conv1(x)))))
              x = self.inception4a(self.maxpool3(self.inception3b(self.inception3a(x))))
              aux1 = self.aux1(x) if self.aux1 is not None and self.training else None
              x = self.inception4d(self.inception4c(self.inception4b(x)))
              aux2 = self.aux2(x) if self.aux2 is not None and self.training else None
              x = self.inception5b(self.inception5a(self.maxpool4(self.inception4e(x))))
              x = self.fc(self.dropout(torch.flatten(self.avgpool(x), 1)))
              return GoogLeNetOutputs(x, aux2, aux1) if self.training and self.aux_logits else x


      def googlenet(weights=None, progress=True, pretrained=False, **kwargs):
          _untrained("googlenet", weights, pretrained)
          return GoogLeNet(**kwargs)

      """ + weights(["GoogLeNet"])

  /// Inception V3.
  static let visionInception =
    inceptionPieces + """
      InceptionOutputs = namedtuple("InceptionOutputs", ["logits", "aux_logits"])


      def _pooled(x):
          return F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)


      class InceptionA(nn.Module):
          def __init__(self, in_channels, pool_features, conv_block=None):
              super().__init__()
              block = conv_block or BasicConv2d
              self.branch1x1 = block(in_channels, 64, kernel_size=1)
              self.branch5x5_1 = block(in_channels, 48, kernel_size=1)
              self.branch5x5_2 = block(48, 64, kernel_size=5, padding=2)
              self.branch3x3dbl_1 = block(in_channels, 64, kernel_size=1)
              self.branch3x3dbl_2 = block(64, 96, kernel_size=3, padding=1)
              self.branch3x3dbl_3 = block(96, 96, kernel_size=3, padding=1)
              self.branch_pool = block(in_channels, pool_features, kernel_size=1)

          def forward(self, x):
              return torch.cat([
                  self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)),
                  self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))), self.branch_pool(_pooled(x))], 1)


      class InceptionB(nn.Module):
          def __init__(self, in_channels, conv_block=None):
              super().__init__()
              block = conv_block or BasicConv2d
              self.branch3x3 = block(in_channels, 384, kernel_size=3, stride=2)
              self.branch3x3dbl_1 = block(in_channels, 64, kernel_size=1)
              self.branch3x3dbl_2 = block(64, 96, kernel_size=3, padding=1)
              self.branch3x3dbl_3 = block(96, 96, kernel_size=3, stride=2)

          def forward(self, x):
              return torch.cat([
                  self.branch3x3(x), self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x))),
                  F.max_pool2d(x, kernel_size=3, stride=2)], 1)


      class InceptionC(nn.Module):
          def __init__(self, in_channels, channels_7x7, conv_block=None):
              super().__init__()
              block, c = conv_block or BasicConv2d, channels_7x7
              wide, high = {"kernel_size": (1, 7), "padding": (0, 3)}, {"kernel_size": (7, 1), "padding": (3, 0)}
              self.branch1x1 = block(in_channels, 192, kernel_size=1)
              self.branch7x7_1 = block(in_channels, c, kernel_size=1)
              self.branch7x7_2 = block(c, c, **wide)
              self.branch7x7_3 = block(c, 192, **high)
              self.branch7x7dbl_1 = block(in_channels, c, kernel_size=1)
              self.branch7x7dbl_2 = block(c, c, **high)
              self.branch7x7dbl_3 = block(c, c, **wide)
              self.branch7x7dbl_4 = block(c, c, **high)
              self.branch7x7dbl_5 = block(c, 192, **wide)
              self.branch_pool = block(in_channels, 192, kernel_size=1)

          def forward(self, x):
              double = self.branch7x7dbl_3(self.branch7x7dbl_2(self.branch7x7dbl_1(x)))
              return torch.cat([
                  self.branch1x1(x), self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x))),
                  self.branch7x7dbl_5(self.branch7x7dbl_4(double)), self.branch_pool(_pooled(x))], 1)


      class InceptionD(nn.Module):
          def __init__(self, in_channels, conv_block=None):
              super().__init__()
              block = conv_block or BasicConv2d
              self.branch3x3_1 = block(in_channels, 192, kernel_size=1)
              self.branch3x3_2 = block(192, 320, kernel_size=3, stride=2)
              self.branch7x7x3_1 = block(in_channels, 192, kernel_size=1)
              self.branch7x7x3_2 = block(192, 192, kernel_size=(1, 7), padding=(0, 3))
              self.branch7x7x3_3 = block(192, 192, kernel_size=(7, 1), padding=(3, 0))
              self.branch7x7x3_4 = block(192, 192, kernel_size=3, stride=2)

          def forward(self, x):
              seven = self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x)))
              return torch.cat([
                  self.branch3x3_2(self.branch3x3_1(x)), self.branch7x7x3_4(seven),
                  F.max_pool2d(x, kernel_size=3, stride=2)], 1)


      class InceptionE(nn.Module):
          def __init__(self, in_channels, conv_block=None):
              super().__init__()
              block = conv_block or BasicConv2d
              wide, high = {"kernel_size": (1, 3), "padding": (0, 1)}, {"kernel_size": (3, 1), "padding": (1, 0)}
              self.branch1x1 = block(in_channels, 320, kernel_size=1)
              self.branch3x3_1 = block(in_channels, 384, kernel_size=1)
              self.branch3x3_2a = block(384, 384, **wide)
              self.branch3x3_2b = block(384, 384, **high)
              self.branch3x3dbl_1 = block(in_channels, 448, kernel_size=1)
              self.branch3x3dbl_2 = block(448, 384, kernel_size=3, padding=1)
              self.branch3x3dbl_3a = block(384, 384, **wide)
              self.branch3x3dbl_3b = block(384, 384, **high)
              self.branch_pool = block(in_channels, 192, kernel_size=1)

          def forward(self, x):
              three = self.branch3x3_1(x)
              double = self.branch3x3dbl_2(self.branch3x3dbl_1(x))
              return torch.cat([
                  self.branch1x1(x), self.branch3x3_2a(three), self.branch3x3_2b(three), self.branch3x3dbl_3a(double),
                  self.branch3x3dbl_3b(double), self.branch_pool(_pooled(x))], 1)


      class InceptionAux(nn.Module):
          def __init__(self, in_channels, num_classes, conv_block=None):
              super().__init__()
              block = conv_block or BasicConv2d
              self.conv0 = block(in_channels, 128, kernel_size=1)
              self.conv1 = block(128, 768, kernel_size=5)
              self.conv1.stddev = 0.01
              self.fc = nn.Linear(768, num_classes)
              self.fc.stddev = 0.001

          def forward(self, x):
              x = self.conv1(self.conv0(F.avg_pool2d(x, kernel_size=5, stride=3)))
              return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, (1, 1)), 1))


      class Inception3(nn.Module):
          _deviation = 0.1

          def __init__(self, num_classes=1000, aux_logits=True, transform_input=False, inception_blocks=None,
                       init_weights=None, dropout=0.5):
              super().__init__()
              blocks = inception_blocks or [BasicConv2d, InceptionA, InceptionB, InceptionC, InceptionD, InceptionE,
                                            InceptionAux]
              if len(blocks) != 7:
                  raise ValueError(f"length of inception_blocks should be 7 instead of {len(blocks)}")
              block, a, b, c, d, e, aux = blocks
              self.aux_logits = aux_logits
              self.transform_input = transform_input
              self.Conv2d_1a_3x3 = block(3, 32, kernel_size=3, stride=2)
              self.Conv2d_2a_3x3 = block(32, 32, kernel_size=3)
              self.Conv2d_2b_3x3 = block(32, 64, kernel_size=3, padding=1)
              self.maxpool1 = nn.MaxPool2d(kernel_size=3, stride=2)
              self.Conv2d_3b_1x1 = block(64, 80, kernel_size=1)
              self.Conv2d_4a_3x3 = block(80, 192, kernel_size=3)
              self.maxpool2 = nn.MaxPool2d(kernel_size=3, stride=2)
              self.Mixed_5b = a(192, pool_features=32)
              self.Mixed_5c = a(256, pool_features=64)
              self.Mixed_5d = a(288, pool_features=64)
              self.Mixed_6a = b(288)
              self.Mixed_6b = c(768, channels_7x7=128)
              self.Mixed_6c = c(768, channels_7x7=160)
              self.Mixed_6d = c(768, channels_7x7=160)
              self.Mixed_6e = c(768, channels_7x7=192)
              self.AuxLogits = None
              if aux_logits:
                  self.AuxLogits = aux(768, num_classes)
              self.Mixed_7a = d(768)
              self.Mixed_7b = e(1280)
              self.Mixed_7c = e(2048)
              self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
              self.dropout = nn.Dropout(p=dropout)
              self.fc = nn.Linear(2048, num_classes)
              if init_weights is None or init_weights:
                  _begin(self)

          def forward(self, x):
              if self.transform_input:
                  x = _transform(x)
              x = self.maxpool1(self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(x))))
              x = self.maxpool2(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(x)))
              x = self.Mixed_6a(self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(x))))
              x = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(x))))
              aux = self.AuxLogits(x) if self.AuxLogits is not None and self.training else None
              x = self.dropout(self.avgpool(self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(x)))))
              x = self.fc(torch.flatten(x, 1))
              return InceptionOutputs(x, aux) if self.training and self.aux_logits else x


      def inception_v3(weights=None, progress=True, pretrained=False, **kwargs):
          _untrained("inception_v3", weights, pretrained)
          return Inception3(**kwargs)

      """ + weights(["Inception_V3"])
}
