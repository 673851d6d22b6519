extension Library {
  /// What torchvision's model files import of one another, written in Python.
  static let torchvisionModules: Family = { library in
    library.prelude(
      "torchvision.models._api",
      """
      from dataclasses import dataclass
      from enum import Enum

      @dataclass
      class Weights:
          url: str
          transforms: object
          meta: dict

      class WeightsEnum(Enum):
          @classmethod
          def verify(cls, obj):
              if obj is None or isinstance(obj, cls):
                  return obj
              if isinstance(obj, str):
                  return cls[obj.replace(cls.__name__ + ".", "")]
              raise TypeError(f"Invalid Weight class provided; expected {cls.__name__} but received {type(obj).__name__}.")

          def get_state_dict(self, *args, **kwargs):
              raise NotImplementedError("pretrained weights are not at hand")

          @property
          def url(self):
              return self.value.url

          @property
          def transforms(self):
              return self.value.transforms

          @property
          def meta(self):
              return self.value.meta

      def register_model(name=None):
          return lambda fn: fn
      """)
  }
}
