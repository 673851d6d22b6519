extension Library {
  /// Adds one family's functions and classes.
  typealias Family = @Sendable (inout Library) -> Void

  /// All families.
  ///
  /// A new operation of PyTorch goes into one of the files these come from.
  static let families: [Family] = [
    builtinTypes, builtinFunctions, builtinExceptions, objectProtocol, numberMethods, sequenceMethods,
    dictionaryMethods, stringMethods, mathematics, typing, dataclasses, copying, collectionClasses,
    standardModules, regularExpressions, packagingVersions, functionTools, iterators, operators,
    torchvisionModules,
    lightningModules,
    numpyFunctions, numpyArrays, randomNumbers,
    environment, creation, randomTensors, tensorMethods, unaryFunctions, binaryFunctions, logicalFunctions,
    reductions, statistics,
    ordering, numericLimits, shapeFunctions, initialization,
    moduleClass, containers, parameterContainers, losses, linearLayers,
    recurrentLayers, attentionLayers, transformerLayers, embeddings, similarities, moduleUtilities,
    weightNormalization, customGradients,
    convolutions, normalizations, batchNormalizations, activations, pooling, padding, dropouts, resampling,
    interpolation,
    matrixProducts, gathering, joins, rearrangements, summations, einops,
    visionLayers, visionModels, visionModelModules, timmLayers,
  ]
}
