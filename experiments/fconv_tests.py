"""Whether a network knows where it looks: F-Conv's tests."""

from keras_padpos.studies.fconv_tests import STUDY

if __name__ == "__main__":
    STUDY.run()
