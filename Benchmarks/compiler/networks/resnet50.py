from torchvision.models import resnet50

network = resnet50()
