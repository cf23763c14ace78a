"""How a classifier's predictions change with its borders."""

from keras_padpos.studies.prediction_agreement import STUDY

if __name__ == "__main__":
    STUDY.run()
