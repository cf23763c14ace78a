"""What an error says, in one line."""

import re

from keras_padpos.errors import one_line

# Keras says besides how to run the code all the same, which nobody can do
# from a command line, and nobody should with a file from elsewhere.
_CODE_IN_FILE = (
    "it holds code of its own, such as a Lambda layer's, and no code out of a "
    "file is run; a layer of a registered class can take its place"
)


_CUT_OFF = (
    "it is cut off, or something else: a .keras file is a zip archive, whose "
    "end is missing"
)


def plain_reason(error: BaseException) -> str:
    """An error's message without colours, line breaks and a call's arguments.

    That Keras' safe mode keeps a file's code from running is said in other
    words than Keras'.
    """
    text = str(error)
    if "safe_mode=False" in text:
        return _CODE_IN_FILE
    # Keras says that there is no file.
    if "accessible `.keras` zip file" in text:
        return _CUT_OFF
    text = text.partition("Arguments received by")[0]
    # Before these Keras prints the configuration of each layer around it.
    text = text.rpartition("Exception encountered: ")[2]
    text = re.sub(r" using config=\{.*\}\. ", ". ", text, flags=re.DOTALL)
    text = text.partition(" Full object config: ")[0]
    text = re.sub(
        r"Exception encountered when calling \S+\.call\(\)\.", "", text
    )
    return one_line(text) or type(error).__name__
