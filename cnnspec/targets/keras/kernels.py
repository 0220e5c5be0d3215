"""Keras layers and optimizers that compute what Keras's own compute, with less work.

They are used only during training; a model that a user gets never has them. Where they have no
faster way they do what Keras does.
"""

from typing import Any

import keras


class MaxPoolingThenReLU(keras.layers.MaxPooling2D):  # type: ignore[misc]  # Keras has no types
    """ReLU of the largest value of each window."""

    def call(self, inputs: Any) -> Any:
        return keras.ops.relu(super().call(inputs))


class ConvolutionOfImages(keras.layers.Conv2D):  # type: ignore[misc]
    """A convolution of the images themselves, of one channel.

    The gradient of its kernel is then a product of two matrices: the images shifted to each place
    of the window, as rows, and the gradient of the output. A row of ones gives the gradient of the
    bias. oneDNN is faster where a larger window has few filters.
    """

    def call(self, inputs: Any) -> Any:
        quicker = self.filters >= 16 or self.kernel_size == (1, 1)
        plain = self.strides == self.dilation_rate == (1, 1) and self.use_bias
        here = keras.backend.backend() == "tensorflow" and self.compute_dtype == "float32"
        if not (inputs.shape[-1] == 1 and quicker and plain and here):
            return super().call(inputs)
        return self.activation(_convolution(inputs, self.kernel, self.bias, self.padding.upper()))


def _convolution(images: Any, kernel: Any, bias: Any, padding: str) -> Any:
    """(n, h, w, 1) images to (n, h', w', filters); TensorFlow."""
    import tensorflow as tf

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def convolution(images: Any, kernel: Any, bias: Any) -> Any:
        outputs = tf.nn.bias_add(tf.nn.conv2d(images, kernel, 1, padding), bias)

        def gradients(upstream: Any) -> tuple[Any, Any, Any]:
            _, calls, columns, filters = upstream.shape
            height, width = kernel.shape[:2]
            padded = images
            if padding == "SAME":
                around = [[(side - 1) // 2, side // 2] for side in (height, width)]
                padded = tf.pad(images, [[0, 0], *around, [0, 0]])
            moved = [
                tf.reshape(padded[:, down : down + calls, right : right + columns], [-1])
                for down in range(height)
                for right in range(width)
            ]
            moved.append(tf.ones_like(moved[0]))
            sums = tf.matmul(tf.stack(moved), tf.reshape(upstream, [-1, filters]))
            # The compiled step leaves it out, because nothing uses it there.
            of_images = tf.nn.conv2d_transpose(upstream, kernel, tf.shape(images), 1, padding)
            return of_images, tf.reshape(sums[:-1], kernel.shape), sums[-1]

        return outputs, gradients

    return convolution(images, tf.convert_to_tensor(kernel), tf.convert_to_tensor(bias))


class Dropout(keras.layers.Dropout):  # type: ignore[misc]
    """Dropout that draws 8 bits for each value where its rate allows it, else 16.

    Keras draws 32 bits, makes a fraction of them, compares it and selects twice, once for the
    values and once for their gradients. Here the bits are compared directly, and both are
    multiplied. The seeds are those that Keras would use.
    """

    def call(self, inputs: Any, training: bool = False) -> Any:
        if not training or self.rate == 0 or keras.backend.backend() != "tensorflow":
            return super().call(inputs, training=training)
        import tensorflow as tf

        return inputs * self.draw(tf.shape(inputs), self.seed_generator.next())

    def draw(self, shape: Any, seed: Any, skip: Any = 0) -> Any:
        """The factors for values of this shape: 0, or 1 / (1 - rate).

        With `skip` the first so many of the sequence are skipped, as if all had been drawn.
        """
        return _mask(shape, self.rate, seed, skip, self.compute_dtype)


def _mask(shape: Any, rate: float, seed: Any, skip: Any, dtype: str) -> Any:
    """Factors 0 for dropped values, else 1 / (1 - rate), as a tensor of TensorFlow.

    Philox turns each value of its counter into a block of four words (Salmon et al.,
    "Parallel random numbers: as easy as 1, 2, 3", 2011), so it can begin at any of them.
    """
    import tensorflow as tf

    width, bits = (8, tf.uint8) if (256 * rate).is_integer() else (16, tf.uint16)
    dropped = round(2**width * rate)
    enlarged = 2**width / (2**width - dropped)
    in_word = 32 // width
    block = skip // (4 * in_word)
    ahead = skip - 4 * in_word * block
    behind = ahead + tf.reduce_prod(shape)
    key, counter = tf.raw_ops.StatelessRandomGetKeyCounter(seed=tf.cast(seed, tf.int32))
    words = tf.raw_ops.StatelessRandomUniformFullIntV2(
        shape=[(behind + in_word - 1) // in_word],
        key=key,
        counter=counter + tf.stack([tf.cast(block, tf.uint64), tf.constant(0, tf.uint64)]),
        alg=tf.random.Algorithm.PHILOX.value,
        dtype=tf.int32,
    )
    drawn = tf.reshape(tf.bitcast(words, bits), [-1])[ahead:behind]
    kept = tf.cast(drawn >= tf.constant(dropped, bits), dtype)
    return tf.reshape(kept * tf.cast(enlarged, dtype), shape)


class _AtOnce:
    """Adam's step of a weight as one operation of TensorFlow instead of a dozen.

    The weight, its two means and its gradient go through the processor once. The arithmetic
    is Keras's: Kingma and Ba, "Adam" (2015), at the end of section 2.
    """

    def update_step(self: Any, gradient: Any, variable: Any, learning_rate: Any) -> None:
        here = keras.backend.backend() == "tensorflow" and variable.dtype == "float32"
        if self.amsgrad or not here:
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
            return
        import tensorflow as tf

        # Private, because there is no public way. What the optimizer adds for a weight could be
        # kept by `add_variable_from_reference`. But with several devices the weight here is a copy,
        # another object, and only this index knows of which weight.
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[index].value.handle,
            v=self._velocities[index].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class Adam(_AtOnce, keras.optimizers.Adam):  # type: ignore[misc]
    """Adam, one operation for each weight."""


class AdamW(_AtOnce, keras.optimizers.AdamW):  # type: ignore[misc]
    """AdamW, one operation for each weight."""
