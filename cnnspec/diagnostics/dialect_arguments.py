"""Options and values of other tools, and what is written here in their place.

A line is `names | words | what to write | note`: the words that may replace the name (which of
them depends on the layer), and a statement in which one does. Else as in `dialect_statements`.
"""

OPTIONS = {
    "Keras": """
kernel_size | kernel size | conv 32x3
pool_size | size | pool 2
strides subsample | stride | conv 32x3 stride=2
dilation_rate | dilation | conv 32x3 dilation=2
depth_multiplier | multiplier | dwconv 3 multiplier=2
border_mode | padding | conv 32x3 same
use_bias | bias | conv 32x3 no_bias
kernel_initializer depthwise_initializer | init | conv 32x3 init=he_uniform
bias_initializer | bias_init | conv 32x3 bias_init=zeros
kernel_regularizer | l2 | conv 32x3 l2=0.01
negative_slope alpha | slope | relu slope=0.1
max_value | max | relu max=6
center | center | bn no_center
clip_norm | clipnorm | train { optimizer adam(clipnorm=1) }
rotation_range | rotate | train { augment rotate=10 }
zoom_range | zoom | train { augment zoom=0.1 }
width_shift_range height_shift_range | shift | train { augment shift=0.1 }
shear_range | shear | train { augment shear=0.1 }
horizontal_flip | flip | train { augment flip=horizontal }
vertical_flip | flip | train { augment flip=vertical }
fill_mode | fill | train { augment shift=0.1 fill=nearest }
restore_best_weights restore_best | restore | train { early_stop val_loss restore }
lr initial_learning_rate | learning_rate | train { optimizer adam(learning_rate=0.01) }
beta1 | beta_1 | train { optimizer adam(beta_1=0.9) }
beta2 | beta_2 | train { optimizer adam(beta_2=0.999) }
ema_momentum use_ema | ema | train { optimizer adam(ema=0.99) }
decay_rate | rate | train { schedule exponential(rate=0.9) }
warmup_steps warmup_epochs | warmup | train { schedule cosine(warmup=1) }
smoothing | label_smoothing | train { loss categorical_crossentropy(label_smoothing=0.1) }
from_logits | - | - | end the network with `dense 10 softmax`, and write `loss
  categorical_crossentropy` without it
input_shape batch_input_shape input_dim | - | - | a statement of its own: `input 28x28x1`
data_format | - | - | channels are last: leave it out
kernel_constraint bias_constraint activity_regularizer | - | - | the nearest is `l2=0.01`
return_sequences recurrent_dropout | - | - | for sequences; networks here are convolutional
reduction ignore_class | - | - | the loss of a batch is the mean over its images: leave it out
keepdims | keep | gap keep
trainable | - | - | every weight is trained: leave it out
""",
    "PyTorch": """
out_channels | filters | conv 32x3
out_features | units | dense 10
in_channels in_features num_features | - | - | it follows from the layer before: leave it out
p | rate | dropout 0.5
eps | epsilon | bn epsilon=0.001
affine elementwise_affine | - | - | `bn no_scale no_center` has no trainable weights
ceil_mode | ceil | pool 3 stride=2 ceil
count_include_pad | - | - | an average is that of the values inside the image: leave it out
padding_mode | - | - | `pad` adds zeros: leave it out
output_size | - | - | `gap` gives one value for each channel; `resize 7x7` other sizes
scale_factor | factor | upsample 2
inplace device dtype | - | - | leave it out
max_norm | clipnorm | train { optimizer adam(clipnorm=1) }
T_max eta_min | - | - | `cosine` goes from the learning rate to `floor` over all epochs
step_size | every | train { schedule step(every=10) }
gamma | factor | train { schedule step(factor=0.1) }
""",
    "Caffe": """
num_output | filters units | conv 32x3
pad | padding | conv 32x3 same | or `pad 1` before it
bias_term | bias | conv 32x3 no_bias
group | groups | conv 32x3 groups=1
weight_filler | init | conv 32x3 init=glorot_uniform
bias_filler | bias_init | conv 32x3 bias_init=zeros
dropout_ratio | rate | dropout 0.5
""",
    "darknet": """
output | units | dense 10
size | kernel size | conv 32x3
batch_normalize | - | - | write `conv 32x3 same no_bias; bn; relu`
probability | rate | dropout 0.5
""",
    "TF-slim": """
num_outputs | filters units | conv 32x3
activation_fn | activation | conv 32x3 relu
normalizer_fn | - | - | a statement of its own: `bn`
weights_initializer | init | conv 32x3 init=glorot_uniform
weights_regularizer | l2 | conv 32x3 l2=0.01
keep_prob | - | - | `dropout` says the share that is set to zero: `dropout 0.5`
""",
    "JAX/Flax": """
features | filters units | conv 32x3
window_shape | size | pool 2
kernel_init | init | conv 32x3 init=he_normal
feature_group_count | groups | conv 32x3 groups=1
kernel_dilation | dilation | conv 32x3 dilation=2
use_running_average | - | - | training and prediction choose it: leave it out
""",
    "ONNX": """
kernel_shape | kernel size | conv 32x3
pads auto_pad | padding | conv 32x3 same | or `pad 1` before it
dilations | dilation | conv 32x3 dilation=2
ratio | rate | dropout 0.5
""",
    "papers": """
label labels label_column label_col target target_column y y_train train_y | train_labels |
  data "a.csv" train_labels=digit
image images image_column x x_train train_x | train_images | data "a.npz" train_images=pictures
val_labels y_val | validation_labels | data "a.npz" validation_labels=b
val_images x_val | validation_images | data "a.npz" validation_images=b
y_test | test_labels | data "a.npz" test_labels=b
x_test | test_images | data "a.npz" test_images=b
valid val dev | validation | data "a.csv" validation="b.csv"
train path file filename folder directory dir root | source | data "a.csv"
rescale divide_by white | scale | data "a.npz" scale=255
first_label label_offset labels_start | labels_from | data "a.npz" labels_from=1
split test_split validation_split val_split test_size | - | - | without a test set a sixth of the
  images is one; `train { validation 0.1 }` holds back a share for validation
batch_size batch | - | - | it belongs to the training: `train { batch 32 }`
image_size target_size img_size | - | - | pictures get the size of the input: `input 28x28`
color_mode grayscale greyscale | - | - | the input says it: `input 28x28` is grey, `input
  28x28x3` has colours
num_classes class_names classes | - | - | a statement of its own: `classes 10`
shuffle | - | - | the training images are shuffled in every epoch: leave it out
header delimiter sep separator index_col | - | - | it is found in the file: leave it out
""",
}
"""Options."""

WORDS = {
    "Keras": """
LeakyReLU leaky leaky_relu_layer | leaky_relu | leaky_relu 0.1
swish | silu | conv 32x3 silu
hard_swish | hard_silu | conv 32x3 hard_silu
log_softmax | softmax | dense 10 softmax
sparsemax squareplus glu celu hard_tanh soft_shrink | - | - | the nearest is `relu`
sparse_categorical_crossentropy | categorical_crossentropy | train { loss
  categorical_crossentropy } | it takes labels as they are
SparseCategoricalCrossentropy | categorical_crossentropy | train { loss categorical_crossentropy }
  | it takes labels as they are
crossentropy cross_entropy xent | categorical_crossentropy | train { loss
  categorical_crossentropy }
BinaryCrossentropy bce | binary_crossentropy | train { loss binary_crossentropy }
CategoricalFocalCrossentropy BinaryFocalCrossentropy focal_loss | focal | train { loss focal }
mean_squared_error MeanSquaredError l2_loss | mse | train { loss mse }
kl_divergence KLDivergence | categorical_crossentropy | train { loss categorical_crossentropy } |
  for labels both have the same gradient
hinge categorical_hinge mean_absolute_error mae huber log_cosh ctc | - | - | docs/reference.md
  lists the losses
acc sparse_categorical_accuracy categorical_accuracy | accuracy | train { metrics accuracy }
val_acc | val_accuracy | train { early_stop val_accuracy }
f1_score F1Score | f1 | train { metrics f1 }
AUC precision recall top_k_categorical_accuracy | - | - | a run's report has the
  precision and recall of every class; the metrics are `accuracy` and `f1`
ftrl adafactor muon | - | - | the nearest is `adam`
ReduceLROnPlateau reduce_on_plateau | plateau | train { schedule plateau }
CosineDecay cosine_annealing | cosine | train { schedule cosine }
ExponentialDecay | exponential | train { schedule exponential }
float16 | mixed_float16 | train { precision mixed_float16 }
bfloat16 | mixed_bfloat16 | train { precision mixed_bfloat16 }
""",
    "PyTorch": """
CrossEntropyLoss NLLLoss nll nll_loss | categorical_crossentropy | train { loss
  categorical_crossentropy } | it takes shares: end with `dense 10 softmax`
BCELoss BCEWithLogitsLoss | binary_crossentropy | train { loss binary_crossentropy } | it takes
  shares: end with `dense 10 sigmoid`
MSELoss | mse | train { loss mse }
PoissonNLLLoss | poisson | train { loss poisson }
L1Loss SmoothL1Loss HuberLoss | - | - | docs/reference.md lists the losses
Hardsigmoid | hard_sigmoid | conv 32x3 hard_sigmoid
Hardswish | hard_silu | conv 32x3 hard_silu
kaiming_normal | he_normal | conv 32x3 init=he_normal
kaiming_uniform | he_uniform | conv 32x3 init=he_uniform
xavier_uniform | glorot_uniform | conv 32x3 init=glorot_uniform
xavier_normal | glorot_normal | conv 32x3 init=glorot_normal
trunc_normal | truncated_normal | conv 32x3 init=truncated_normal
Rprop LBFGS ASGD RAdam SparseAdam | - | - | the nearest is `adam`
OneCycleLR one_cycle | onecycle | train { schedule onecycle }
StepLR MultiStepLR | step | train { schedule step }
CosineAnnealingLR | cosine | train { schedule cosine }
half fp16 | mixed_float16 | train { precision mixed_float16 }
bf16 | mixed_bfloat16 | train { precision mixed_bfloat16 }
""",
    "Caffe": """
msra | he_normal | conv 32x3 init=he_normal
SigmoidCrossEntropyLoss | binary_crossentropy | train { loss binary_crossentropy }
""",
    "darknet": """
logistic | sigmoid | conv 32x3 sigmoid
ramp plse relie loggy | - | - | the nearest is `relu`
""",
    "papers": """
Xavier glorot | glorot_uniform | conv 32x3 init=glorot_uniform
he kaiming | he_normal | conv 32x3 init=he_normal
lecun | lecun_normal | conv 32x3 init=lecun_normal
RandomNormal gaussian normal | random_normal | conv 32x3 init=random_normal
RandomUniform uniform | random_uniform | conv 32x3 init=random_uniform
hswish | hard_silu | conv 32x3 hard_silu
lrelu | leaky_relu | leaky_relu 0.1
exp | exponential | conv 32x3 exponential
no_activation none identity | linear | conv 32x3 linear
VarianceScaling | he_normal | conv 32x3 init=he_normal
test_accuracy | accuracy | dense 10 softmax; expect accuracy >= 0.9 | of the test set
test_loss | loss | dense 10 softmax; expect loss <= 0.4 | of the test set
test_f1 | f1 | dense 10 softmax; expect f1 >= 0.9 | of the test set
validation_accuracy | val_accuracy | train { early_stop val_accuracy }
validation_loss | val_loss | train { early_stop val_loss }
training_accuracy | train_accuracy | train { early_stop train_accuracy }
parameters weights num_params total_params | params | dense 10 softmax; budget params <= 10k
mult_adds mac madds | macs | dense 10 softmax; budget macs <= 10k
flops | macs | dense 10 softmax; budget macs <= 10k | a MAC is two FLOPs, or one in many papers:
  halve a limit that counts two
memory sram | ram | dense 10 softmax; budget ram <= 10KiB
size rom | flash | dense 10 softmax; budget flash <= 40KiB
nobias without_bias | no_bias | conv 32x3 no_bias
fashionmnist fashion | fashion_mnist | data fashion_mnist; dense 10 softmax
max maximum | - | - | `pool` takes the largest value: leave it out
avg average mean | - | - | write `avgpool 2`
grayscale greyscale grey gray | - | - | the input says it: `input 28x28` is grey
normalize normalized normalise rescale | - | - | pixels are scaled to 0..1 when data is read: leave
  it out
cifar10 cifar100 imagenet svhn emnist kmnist qmnist k49 medmnist usps | - | - | give the path of its
  files: `data "cifar10"`
""",
}
"""Values: activations, initializers, losses, optimizers, metrics, quantities."""
