/// The script that every export carries, so that an elite loads into PyTorch with nothing but torch installed.
enum PyTorchLoader {
  static let source = #"""
    """Loads an exported elite into PyTorch.

        from load import load
        network = load("niche-0012")          # a torch.nn.Module in evaluation mode, with its weights

    or, from the shell:  python3 load.py niche-0012
    Needs only torch.
    """
    import json
    import os
    import struct
    import sys

    import torch
    from torch import nn

    TYPES = {"F32": torch.float32, "I64": torch.int64}


    def read_safetensors(path):
        """The tensors of a safetensors file by name."""
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length))
            data = bytearray(file.read())
        tensors = {}
        for name, entry in header.items():
            if name == "__metadata__":
                continue
            begin, end = entry["data_offsets"]
            part = data[begin:end]
            flat = torch.frombuffer(part, dtype=TYPES[entry["dtype"]]) if part else torch.empty(0)
            tensors[name] = flat.reshape(entry["shape"]).clone()
        return tensors


    def load(folder):
        """The elite in that folder, with its weights, in evaluation mode."""
        here = os.path.dirname(os.path.abspath(__file__))
        if not os.path.isdir(folder):
            folder = os.path.join(here, folder)
        with open(os.path.join(here, "elites.json")) as file:
            names = {e["folder"]: e["description"]["class_name"] for e in json.load(file)["elites"]}
        elite = os.path.basename(os.path.abspath(folder))
        if elite not in names:
            raise ValueError(f"'{elite}' is no elite's folder of this export; elites.csv lists them by 'folder'")
        name = names[elite]
        scope = {"__name__": "elite"}
        with open(os.path.join(folder, "network.py")) as file:
            exec(compile(file.read(), file.name, "exec"), scope)
        network = scope[name]()
        if not isinstance(network, nn.Module):
            raise TypeError(f"{name} is not a torch.nn.Module")
        weights = os.path.join(folder, "weights.safetensors")
        if not os.path.exists(weights):
            return network  # An architecture that a table was asked about; nobody trained it here.
        network.load_state_dict(read_safetensors(weights))
        return network.eval()


    if __name__ == "__main__":
        print(load(sys.argv[1]))
    """# + "\n"
}
