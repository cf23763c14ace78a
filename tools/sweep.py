"""Many runs: the product of flags that a file lists, on Ray."""

from keras_padpos.tools.sweep import TOOL

if __name__ == "__main__":
    TOOL.run()
