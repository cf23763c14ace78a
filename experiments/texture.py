"""Whether a network that recognises textures needs its borders."""

from keras_padpos.studies.texture import STUDY

if __name__ == "__main__":
    STUDY.run()
