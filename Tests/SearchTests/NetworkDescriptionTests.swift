import Search
import Testing

@Suite("What is said of a network") struct NetworkDescriptionTests {
  private let task = ImageTask(channels: 3, height: 8, width: 8, classes: 10)

  private func network(_ statement: String) -> String {
    """
    import torch.nn as nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3, padding=1)
            self.wide = nn.Conv2d(3, 64, 3, padding=1)
            self.fc = nn.Linear(256, 10)
        def forward(self, x):
            \(statement)
            return self.fc(self.conv(x).flatten(1))
    """
  }

  @Test("What nothing depends on costs nothing, so that equal hashes have equal figures")
  func deadCode() throws {
    let plain = try NetworkDescription(of: network("pass"), task: task)
    let dead = try NetworkDescription(of: network("y = self.wide(x)"), task: task)
    #expect(plain == dead)
    #expect(plain.macs == 4 * 27 * 64 + 2_560 && plain.width == 10 && plain.depth == 2)
    // PyTorch counts parameters whether used or not.
    #expect(plain.parameters == (27 + 1) * (4 + 64) + 2_570)
  }
}
