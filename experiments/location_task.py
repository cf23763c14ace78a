"""Tasks whose difficulty depends on where things are."""

from keras_padpos.studies.location_task import STUDY

if __name__ == "__main__":
    STUDY.run()
