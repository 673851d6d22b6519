# input: 2x1x28x28
import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.optim as optim
from torch.utils.data import DataLoader
from torchvision import datasets, transforms

# Device configuration
device = torch.device("cuda" if torch.cuda.is_available() else "cpu")

# Hyperparameters
num_epochs = 5
batch_size = 64
learning_rate = 1e-3

transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5,), (0.5,))])
train_loader = DataLoader(datasets.MNIST(root='./data', train=True, transform=transform), batch_size=batch_size)


class ImprovedNet(nn.Module):
    """An improved network with residual connections and batch normalization."""

    def __init__(self):
        super(ImprovedNet, self).__init__()
        # First block
        self.conv1 = nn.Conv2d(in_channels=1, out_channels=32, kernel_size=3, stride=1, padding=1)
        self.bn1 = nn.BatchNorm2d(num_features=32)
        self.conv2 = nn.Conv2d(32, 32, 3, padding=1)
        self.pool = nn.MaxPool2d(2, 2)
        self.dropout = nn.Dropout2d(p=0.25)
        self.fc1 = nn.Linear(32 * 14 * 14, 64)
        self.fc2 = nn.Linear(64, 10)

    def forward(self, x):
        # Residual connection
        identity = self.conv1(x)
        out = F.relu(self.bn1(identity))
        out = self.conv2(out)
        out = self.dropout(self.pool(F.relu(out + identity)))
        out = out.view(-1, 32 * 14 * 14)
        out = F.gelu(self.fc1(out))
        return F.softmax(self.fc2(out), dim=-1)


def train(model, device, train_loader, optimizer, epoch):
    model.train()
    for batch_idx, (data, target) in enumerate(train_loader):
        data, target = data.to(device), target.to(device)
        optimizer.zero_grad()
        loss = F.cross_entropy(model(data), target)
        loss.backward()
        optimizer.step()


model = ImprovedNet().to(device)
criterion = nn.CrossEntropyLoss()
optimizer = optim.Adam(model.parameters(), lr=learning_rate)

if __name__ == "__main__":
    for epoch in range(num_epochs):
        train(model, device, train_loader, optimizer, epoch)
