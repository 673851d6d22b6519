extension Library {
  /// `packaging.version`, with which sources ask for PyTorch's version; versions are ordered as PEP 440 says.
  static let packagingVersions: Family = { library in
    library.namespace("packaging")
    library.prelude(
      "packaging.version",
      #"""
      import re

      _PATTERN = re.compile(
          r"\s*v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(a|alpha|b|beta|c|rc|pre|preview)[-_.]?(\d*))?"
          r"(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?"
          r"(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?\s*", re.IGNORECASE)
      _STAGES = {"a": "a", "alpha": "a", "b": "b", "beta": "b"}


      class InvalidVersion(ValueError):
          pass


      class Version:
          def __init__(self, version):
              match = _PATTERN.fullmatch(version)
              if match is None:
                  raise InvalidVersion(f"Invalid version: '{version}'")
              epoch, release, stage, number, bare, post, after, dev, day, local = match.groups()
              self._text = version.strip()
              self.epoch = int(epoch or 0)
              self.release = tuple(int(part) for part in release.split("."))
              self.major, self.minor, self.micro = (self.release + (0, 0))[:3]
              self.pre = (_STAGES.get(stage.lower(), "rc"), int(number or 0)) if stage else None
              self.post = int(bare or after or 0) if bare or post else None
              self.dev = int(day or 0) if dev else None
              self.local = local.lower() if local else None
              self.is_prerelease = self.pre is not None or self.dev is not None
              trimmed = list(self.release)
              while len(trimmed) > 1 and trimmed[-1] == 0:
                  trimmed.pop()
              pre = (1,) if self.pre is None else (0, *self.pre)
              if self.pre is None and self.post is None and self.dev is not None:
                  pre = (-1,)
              parts = re.split("[-_.]", self.local) if self.local else []
              self._key = (self.epoch, tuple(trimmed), pre, -1 if self.post is None else self.post,
                           (1, 0) if self.dev is None else (0, self.dev),
                           tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts))

          @property
          def base_version(self):
              return ".".join(str(part) for part in self.release)

          def __lt__(self, other):
              return self._key < other._key

          def __le__(self, other):
              return self._key <= other._key

          def __gt__(self, other):
              return self._key > other._key

          def __ge__(self, other):
              return self._key >= other._key

          def __eq__(self, other):
              return isinstance(other, Version) and self._key == other._key

          def __hash__(self):
              return hash(self._key)

          def __str__(self):
              return self._text

          def __repr__(self):
              return f"<Version('{self._text}')>"


      def parse(version):
          return Version(version)

      """#)
  }
}
