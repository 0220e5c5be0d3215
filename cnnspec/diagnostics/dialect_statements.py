"""The words of other tools, as they are public there, and what is written here in their place.

A line is `names | what to write | note`; one that is indented goes on with the line before it.
What to write begins with the word that replaces the name, unless there is a `~`: then all of it
is written, `<3>` being the reader's own value if there is one. `-` stands for what has no
equivalent; the note then says what to do instead. Sources: keras.io/api, pytorch.org/docs,
caffe.berkeleyvision.org (layer catalogue), pjreddie.com/darknet (cfg files), the README of
tf_slim, flax.readthedocs.io (flax.linen), onnx.ai (operators), paddlepaddle.org.cn (static.nn).
"""

LAYERS = {
    "Keras": """
Conv2D Convolution2D | conv 32x3
Conv1D | ~conv 32x3x1 | an image has rows and columns; this kernel moves along the rows
Conv3D | - | images have two sides: `conv 32x3`
SeparableConv2D SeparableConvolution2D | sepconv 32x3
DepthwiseConv2D | dwconv 3
Conv2DTranspose Convolution2DTranspose Deconvolution2D | tconv 32x2 stride=2
MaxPooling2D MaxPool2D MaxPooling | pool 2
AveragePooling2D AveragePooling AvgPool2D | avgpool 2
GlobalAveragePooling2D GlobalAveragePooling GlobalAvgPool2D | gap
GlobalMaxPooling2D GlobalMaxPooling GlobalMaxPool2D | gmp
BatchNormalization | bn
LayerNormalization | ln
GroupNormalization | gn 8
UnitNormalization RMSNormalization SpectralNormalization | - | the norms are `bn`, `ln` and `gn`
SpatialDropout2D | sdropout 0.2
GaussianNoise | noise 0.1
GaussianDropout AlphaDropout | - | the nearest is `dropout 0.5`
ActivityRegularization | - | weights are regularized by `l2=0.01` of their layer
Activation | ~<relu> | an activation is a word: of its own, or in its layer, as in `conv 32x3 relu`
ThresholdedReLU | - | the nearest is `relu`
ZeroPadding2D | pad 1
Cropping2D | crop 1
UpSampling2D | upsample 2
Resizing | resize 32x32
CenterCrop | ~crop 2
Concatenate | concat { branch { }; branch { conv 8x3 same relu } }
Subtract Minimum Dot | - | the merges are `add`, `multiply`, `average`, `maximum` and `concat`
InputLayer | input 28x28x1
Permute RepeatVector | - | `reshape` changes sizes and keeps the order of values
Rescaling Normalization | - | pixels are scaled to 0..1 when data is read
RandomFlip | ~train { augment flip=horizontal }
RandomRotation | ~train { augment rotate=<10> } | in degrees
RandomZoom | ~train { augment zoom=<0.1> }
RandomTranslation | ~train { augment shift=<0.1> }
RandomShear | ~train { augment shear=<0.1> }
RandomErasing | ~train { augment erase=<0.5> }
RandomCrop | ~train { augment crop=<4> }
RandomBrightness RandomContrast | - | the nearest is `noise` of `augment`
LSTM GRU SimpleRNN Bidirectional TimeDistributed Masking | - | for sequences; networks here
  are convolutional
Embedding MultiHeadAttention Attention | - | networks here are convolutional
Lambda | - | a spec has no code; `cnnspec explain` and docs/reference.md list the layers
Sequential Functional | - | layers are statements, one after another
""",
    "PyTorch": """
Conv2d LazyConv2d | conv 32x3
Conv1d | ~conv 32x3x1 | an image has rows and columns; this kernel moves along the rows
ConvTranspose2d | tconv 32x2 stride=2
Linear LazyLinear | dense 10
Bilinear | - | the nearest is `dense`
MaxPool2d | pool 2
AvgPool2d | avgpool 2
AdaptiveAvgPool2d | ~gap keep | `gap` gives a vector, `gap keep` an image of 1x1
AdaptiveMaxPool2d | ~gmp keep | `gmp` gives a vector, `gmp keep` an image of 1x1
FractionalMaxPool2d LPPool2d MaxUnpool2d | - | the poolings are `pool` and `avgpool`
BatchNorm2d BatchNorm1d LazyBatchNorm2d | bn | its defaults are here `momentum=0.9 epsilon=1e-5`
InstanceNorm2d | ~gn instance
LocalResponseNorm | - | the nearest is `bn`
Dropout1d Dropout2d | sdropout 0.5
FeatureAlphaDropout | - | the nearest is `dropout 0.5`
ReLU6 | relu6
Threshold Hardtanh Hardshrink RReLU CELU GLU Softmin LogSigmoid | - | the nearest is `relu`
LogSoftmax Softmax2d | softmax | the losses here take shares, as a softmax gives them
Upsample UpsamplingNearest2d | upsample 2
UpsamplingBilinear2d | ~resize 56x56
ZeroPad2d ConstantPad2d | pad 1
ReflectionPad2d ReplicationPad2d CircularPad2d | - | `pad` adds zeros
ChannelShuffle | shuffle 2
PixelShuffle PixelUnshuffle Fold Unfold | - | the nearest are `upsample 2` and `reshape`
Identity | linear | in a merge, an empty `branch { }` is the identity
Unflatten | reshape 7x7x16
ModuleList ModuleDict Module | - | layers are statements, one after another
""",
    "Caffe": """
Convolution | conv 32x3
Deconvolution | tconv 32x2 stride=2
InnerProduct IP | dense 10
Pooling | pool 2 ceil | Caffe rounds the number of windows up
LRN | - | the nearest is `bn`
MVN | ln
Scale | ~bn | factor and offset are part of `bn`
Eltwise EltwiseSum | ~add { branch { }; branch { conv 8x3 same } } | or `multiply`, `maximum`
SoftmaxWithLoss SoftmaxLoss | ~softmax | the loss is a setting: `train { loss
  categorical_crossentropy }`
EuclideanLoss | ~train { loss mse }
Accuracy | ~train { metrics accuracy }
ImageData HDF5Data | ~data "images"
Split | ~concat { branch { }; branch { conv 8x1 relu } } | a branch takes what is before the merge
ShuffleChannel | shuffle 2
Power AbsVal BNLL | - | docs/reference.md lists the activations
""",
    "darknet": """
convolutional | conv 32x3 same
deconvolutional | tconv 32x2 stride=2
depthwise_convolutional | dwconv 3 same
connected | dense 10
maxpool | pool 2
globalavgpool | gap
shortcut | ~residual { conv 8x3 same } | the layers since its source
route | ~concat { branch { }; branch { conv 8x1 relu } } | or a branch that begins `from NAME`
yolo region detection local reorg cost crop_layer | - | networks here classify whole images
""",
    "TF-slim": """
separable_conv2d | sepconv 32x3
conv2d_transpose | tconv 32x2 stride=2
fully_connected | dense 10
max_pool2d | pool 2
avg_pool2d | avgpool 2
batch_norm | bn
layer_norm | ln
group_norm | gn 8
instance_norm | ~gn instance
spatial_softmax | - | the nearest is `gap`
""",
    "JAX/Flax": """
ConvLocal | - | the nearest is `conv 32x3`
DenseGeneral Einsum | dense 10
max_pool | pool 2
avg_pool | avgpool 2
""",
    "ONNX": """
ConvInteger QLinearConv | conv 32x3
Gemm MatMul | dense 10
AveragePool | avgpool 2
GlobalAveragePool | gap
GlobalMaxPool | gmp
InstanceNormalization | ~gn instance
Clip | ~relu max=6
Mul | ~multiply { branch { }; branch { conv 8x3 same sigmoid } }
Sum | ~add { branch { }; branch { conv 8x3 same } }
Mean | ~average { branch { }; branch { conv 8x3 same } }
Max | ~maximum { branch { }; branch { conv 8x3 same } }
Transpose Squeeze Unsqueeze Gather | - | `reshape` changes sizes
""",
    "PaddlePaddle": """
fc | dense 10
conv2d | conv 32x3
pool2d | pool 2
batch_norm | bn
""",
    "papers": """
convolution | conv 32x3
convolution_layer | conv 32x3
conv_layer | conv 32x3
depthwise | dwconv 3
separable | sepconv 32x3
transposed deconv upconv | tconv 32x2 stride=2
hidden output output_layer hidden_layer units neurons | dense 10
FullyConnected fully_connected_layer | dense 10
subsampling downsample max_pooling | pool 2
averagepool average_pooling meanpool | avgpool 2
global_pool | gap
batchnorm | bn
layernorm | ln
groupnorm | gn 8
instancenorm | ~gn instance
zero_padding | pad 1
skip skip_connection shortcut_connection | ~residual { conv 8x3 same }
concatenate cat | concat { branch { }; branch { conv 8x3 same relu } }
for loop times | repeat 2 { conv 8x3 same relu }
variable const | let f = 16
module | block part(f) { conv (f)x3 relu }; part 8
include | - | the blocks of another file come with `use "blocks.cnn"`
dataset | data mnist
num_classes n_classes | classes 10
input_shape image_size | input 28x28x1
import | - | a spec has nothing to import: remove the line
""",
}
"""Words that begin a statement."""

SETTINGS = {
    "Keras": """
batch_size minibatch | batch 64
num_epochs max_epochs nb_epoch | epochs 10
validation_split validation_data | validation 0.1
learning_rate | ~optimizer adam(<0.01>) | it is the optimizer's: `rmsprop(0.01)`, `sgd(0.01)`
EarlyStopping | early_stop val_loss patience=3
patience | ~early_stop val_loss patience=<3>
from_logits | ~loss categorical_crossentropy | end the network with `dense 10 softmax`: the
  losses here take shares
restore_best_weights | ~early_stop val_loss restore
ReduceLROnPlateau | ~schedule plateau
LearningRateScheduler lr_schedule learning_rate_schedule lr_decay | schedule cosine
CosineDecay cosine_decay CosineDecayRestarts | ~schedule cosine
ExponentialDecay | ~schedule exponential
PiecewiseConstantDecay | ~schedule step
class_weights | class_weight balanced
random_seed set_random_seed | seed 1
dtype dtype_policy mixed_precision | precision mixed_float16
shuffle | - | training images are shuffled in every epoch: remove the line
verbose callbacks ModelCheckpoint TensorBoard | - | a run keeps its metrics and best weights
  by default: remove the line
steps_per_epoch | - | an epoch is every training image once: `epochs 10`
""",
    "PyTorch": """
lr | ~optimizer adam(<0.01>) | it is the optimizer's: `rmsprop(0.01)`, `sgd(0.01)`
criterion loss_fn loss_function | loss categorical_crossentropy
scheduler lr_scheduler | schedule cosine
CosineAnnealingLR | ~schedule cosine
OneCycleLR | ~schedule onecycle
StepLR MultiStepLR | ~schedule step(every=10, factor=0.1)
ExponentialLR | ~schedule exponential
manual_seed | seed 1
num_workers pin_memory drop_last | - | data is read by default as fast as it can be: remove the line
clip_grad_norm max_norm | ~optimizer adam(global_clipnorm=<1>)
amp autocast | precision mixed_float16
""",
    "Caffe": """
base_lr | ~optimizer sgd(<0.01>)
lr_policy | schedule step
max_iter | ~epochs 10 | training is counted in passes over the images
solver solver_type | optimizer sgd(0.01)
stepsize | ~schedule step(every=<10>)
snapshot display test_iter | - | a run keeps its metrics and best weights: remove the line
""",
    "darknet": """
max_batches | ~epochs 10 | training is counted in passes over the images
policy | schedule step
subdivisions | - | `cnnspec train --parts` divides a batch among threads: remove the line
burn_in | ~schedule cosine(warmup=<1>)
decay | ~optimizer sgd(0.01, weight_decay=<0.0005>)
angle | ~augment rotate=<10>
jitter | ~augment shift=0.1
""",
    "papers": """
epoch iterations | epochs 10
early_stopping | early_stop val_loss patience=3
augmentation data_augmentation | augment shift=0.1
ema use_ema | ~optimizer adam(ema=<0.99>)
val val_split holdout | validation 0.1
warmup | ~schedule cosine(warmup=<1>)
cost objective | loss categorical_crossentropy
optim algorithm | optimizer adam(0.001)
""",
}
"""Words of training."""
