"""Segmentation and saliency by networks with any border."""

from keras_padpos.studies.semantic_head import STUDY

if __name__ == "__main__":
    STUDY.run()
