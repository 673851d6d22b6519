from packaging import version
from packaging.version import Version, parse
r = []
names = ["1.0", "1.0.0", "1.13.1", "2.1.0", "2.1.0+cu118", "2.1.0+cpu", "2.10", "2.1.0a0", "2.1.0b2", "2.1.0rc1", "2.1.0.dev20230801", "2.1.0.post1", "1!0.1", "v1.2", "0.9", "2.1.0a0+gitf1", "2.1.0+1", "1.8.0-2"]
for a in names:
    p = parse(a)
    r.append((a, p.release, p.major, p.minor, p.micro, p.pre, p.post, p.dev, p.local, p.is_prerelease))
    r.append([(version.parse(a) < Version(b), p >= Version(b), p == Version(b)) for b in names])
for bad in ["", "a", "1..2", "1.0+", "1.0-x"]:
    try:
        r.append(parse(bad).release)
    except ValueError as e:
        r.append((bad, type(e).__name__))
