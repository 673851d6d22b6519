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
    library.prelude(
      "torchvision.models._utils",
      """
      def handle_legacy_interface(**weights):
          return lambda builder: builder

      def _ovewrite_named_param(kwargs, param, new_value):
          if kwargs.setdefault(param, new_value) != new_value:
              raise ValueError(f"The parameter '{param}' expected value {new_value} but got {kwargs[param]} instead.")

      def _ovewrite_value_param(param, actual, expected):
          if actual is not None and actual != expected:
              raise ValueError(f"The parameter '{param}' expected value {expected} but got {actual} instead.")
          return expected

      def _make_divisible(v, divisor, min_value=None):
          least = divisor if min_value is None else min_value
          result = max(least, int(v + divisor / 2) // divisor * divisor)
          return result + divisor if result < 0.9 * v else result
      """)
    library.namespace("torchvision", "torchvision.models", "torchvision.ops", "torchvision.utils")
    library.function("torchvision.utils._log_api_usage_once", signature: "(obj)") {
      (_) throws(Interruption) in .none
    }
  }
}
