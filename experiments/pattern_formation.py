"""Whether the pattern that padding leaves is learned."""

from keras_padpos.studies.pattern_formation import STUDY

if __name__ == "__main__":
    STUDY.run()
