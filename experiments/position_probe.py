"""How much absolute position a network carries (PosENet)."""

from keras_padpos.studies.position_probe import STUDY

if __name__ == "__main__":
    STUDY.run()
