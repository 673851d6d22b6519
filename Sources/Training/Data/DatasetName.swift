/// The data sets that can be loaded by name.
public enum DatasetName: String, Sendable, Hashable, Codable, CaseIterable {
  /// 60,000 + 10,000 grey images of clothes, 28×28 (Xiao, Rasul & Vollgraf 2017).
  case fashionMNIST = "fashion-mnist"
  /// 60,000 + 10,000 grey images of digits, 28×28 (LeCun et al. 1998).
  case mnist
  /// 50,000 + 10,000 colour images, 32×32, 10 classes (Krizhevsky 2009).
  case cifar10 = "cifar-10"
  /// 50,000 + 10,000 colour images, 32×32, 100 classes (Krizhevsky 2009).
  case cifar100 = "cifar-100"

  /// The data set of that name.
  ///
  /// - Throws: `DatasetError.unknownName`.
  public init(named name: String) throws(DatasetError) {
    guard let known = DatasetName(rawValue: name) else {
      throw .unknownName(name, known: Self.allCases.map(\.rawValue))
    }
    self = known
  }

  /// Channels, height and width of its images.
  public var imageShape: (channels: Int, height: Int, width: Int) {
    switch self {
    case .fashionMNIST, .mnist: (1, 28, 28)
    case .cifar10, .cifar100: (3, 32, 32)
    }
  }

  /// What its classes are called, in the order of the labels.
  public var classNames: [String] {
    switch self {
    case .fashionMNIST:
      [
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag",
        "Ankle boot",
      ]
    case .mnist: (0...9).map(String.init)
    case .cifar10:
      ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
    case .cifar100: Self.cifar100Classes
    }
  }

  /// How a user gets the files, as the end of a sentence.
  public var remedy: String {
    switch self {
    case .fashionMNIST:
      "run scripts/data fashion-mnist, or sudo apt-get install dataset-fashion-mnist"
    case .mnist:
      "put the four IDX files of MNIST (train-images-idx3-ubyte.gz and so on) into .cache/data/mnist"
    case .cifar10: Self.cifarRemedy("cifar-10-binary.tar.gz")
    case .cifar100: Self.cifarRemedy("cifar-100-binary.tar.gz")
    }
  }

  private static func cifarRemedy(_ file: String) -> String {
    "download https://www.cs.toronto.edu/~kriz/\(file) into .cache/data, or into a folder that NICHE_DATA names"
  }

  private static let cifar100Classes = """
    apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can \
    castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin \
    elephant flatfish forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard \
    lobster man maple_tree motorcycle mountain mouse mushroom oak_tree orange orchid otter palm_tree pear \
    pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon ray road rocket rose sea seal \
    shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table tank \
    telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm
    """.split(separator: " ").map(String.init)
}
