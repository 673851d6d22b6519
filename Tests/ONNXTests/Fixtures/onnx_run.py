"""Runs ONNX files in onnxruntime: questions.json → answers.json."""
import json
import sys

import numpy
import onnxruntime

options = onnxruntime.SessionOptions()
options.log_severity_level = 4
options.intra_op_num_threads = 1
answers = []
for question in json.load(open(sys.argv[1])):
    try:
        session = onnxruntime.InferenceSession(question["path"], options, providers=["CPUExecutionProvider"])
        feeds = {
            name: numpy.array(tensor["values"], numpy.int32 if tensor["isInteger"] else numpy.float32).reshape(tensor["shape"])
            for name, tensor in question["inputs"].items()}
        outputs = session.run(None, feeds)
        answers.append({
            "outputs": [numpy.asarray(o, numpy.float64).reshape(-1).tolist() for o in outputs],
            "shapes": [list(o.shape) for o in outputs]})
    except Exception as error:  # each question has its own answer
        answers.append({"error": f"{type(error).__name__}: {error}"[:500]})
text = json.dumps(answers).replace("NaN", '"nan"').replace("-Infinity", '"-inf"').replace("Infinity", '"inf"')
open(sys.argv[2], "w").write(text)
