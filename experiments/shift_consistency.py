"""Whether a classifier says the same of a picture that is shifted."""

from keras_padpos.studies.shift_consistency import STUDY

if __name__ == "__main__":
    STUDY.run()
