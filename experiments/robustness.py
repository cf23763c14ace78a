"""What borders have to do with how robust a classifier is."""

from keras_padpos.studies.robustness import STUDY

if __name__ == "__main__":
    STUDY.run()
