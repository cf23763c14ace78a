"""See, choose and change what padding tells a Keras network about position.

The floors, each importing only from those below it:

* `padding`: border arithmetic and the padding modes, arrays in, arrays out.
* `layers`: Keras layers with a `padding_mode`.
* `models`: backbones with stage outputs.
* `metrics`: rank correlation, bootstrap intervals.
* `probes`: position targets, read-outs, solvers, evaluation.
* `data`, `runs`: pictures as tf.data and work directories; they need
  TensorFlow and are imported where they are used.
"""

__version__ = "0.1.0"
