"""cnnspec: a compiler for small convolutional networks written as `.cnn` files."""

__version__ = "0.1.0"
