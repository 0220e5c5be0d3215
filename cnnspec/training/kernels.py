"""Keras layers that do what Keras's own do, with less work.

A model of a person's own never has them: they stand in a network while it is trained.
Where they know no better way they do as Keras does.
"""

from typing import Any

import keras


class MaxPoolingThenReLU(keras.layers.MaxPooling2D):  # type: ignore[misc]  # Keras has no types
    """ReLU of the largest value of each window."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.relu(super().call(inputs))


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout that draws 8 bits for each value where its rate allows it, else 16.

    Keras draws 32, makes a fraction of them, compares it and chooses twice, once for the
    values and once for their gradients. Here the bits are compared as they are, and both
    are multiplied. The seeds are those that Keras would take.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0 or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training)
        return inputs * _mask(inputs, self.rate, self.seed_generator.next())


def _mask(inputs: Any, rate: float, seed: Any) -> Any:
    """0 for what is dropped, else by how much it is enlarged; TensorFlow."""
    import tensorflow as tf

    width, bits = (8, tf.uint8) if (256 * rate).is_integer() else (16, tf.uint16)
    dropped = round(2**width * rate)
    enlarged = 2**width / (2**width - dropped)
    count = tf.size(inputs)
    in_word = 32 // width
    words = tf.random.stateless_uniform(
        [(count + in_word - 1) // in_word],
        tf.cast(seed, tf.int32),
        minval=None,
        maxval=None,
        dtype=tf.int32,
    )
    drawn = tf.reshape(tf.bitcast(words, bits), [-1])[:count]
    kept = tf.cast(drawn >= tf.constant(dropped, bits), inputs.dtype)
    return tf.reshape(kept * tf.cast(enlarged, inputs.dtype), tf.shape(inputs))
