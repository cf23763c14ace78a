"""The pattern that padding leaves in features (PPP)."""

from keras_padpos.studies.padding_pattern import STUDY

if __name__ == "__main__":
    STUDY.run()
