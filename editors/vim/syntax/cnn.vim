" Made by `make editors` from the tables of cnnspec.
if exists("b:current_syntax") | finish | endif
syntax case match
syntax match cnnValue /\<\%(fashion_mnist_mini\|mixed_bfloat16\|train_accuracy\|fashion_mnist\|mixed_float16\|hard_sigmoid\|val_accuracy\|exponential\|skip_broken\|background\|horizontal\|leaky_relu\|train_loss\|hard_silu\|no_center\|trainable\|transpose\|accuracy\|balanced\|bilinear\|centered\|constant\|held_out\|instance\|nesterov\|no_scale\|softplus\|softsign\|train_f1\|val_loss\|vertical\|amsgrad\|bicubic\|float16\|float32\|nearest\|no_bias\|poisson\|project\|reflect\|restore\|sigmoid\|softmax\|CNN601\|CNN602\|CNN603\|CNN604\|CNN605\|CNN606\|CNN607\|CNN608\|CNN609\|CNN610\|CNN611\|CNN612\|CNN613\|CNN614\|CNN616\|CNN617\|CNN618\|CNN619\|CNN620\|CNN621\|CNN622\|CNN623\|CNN624\|CNN625\|CNN626\|CNN627\|invert\|linear\|litert\|params\|shared\|val_f1\|depth\|flash\|input\|mnist\|relu6\|valid\|zeros\|both\|ceil\|gelu\|int8\|keep\|loss\|macs\|mish\|none\|ones\|relu\|same\|selu\|silu\|stop\|tanh\|test\|tflm\|all\|elu\|log\|mse\|ram\|yes\|bn\|f1\|no\|on\)\>/
syntax match cnnCall /\<\%(categorical_crossentropy\|binary_crossentropy\|truncated_normal\|glorot_uniform\|random_uniform\|glorot_normal\|lecun_uniform\|random_normal\|lecun_normal\|exponential\|he_uniform\|orthogonal\|he_normal\|adadelta\|constant\|onecycle\|adagrad\|plateau\|rmsprop\|adamax\|cosine\|adamw\|focal\|nadam\|adam\|lamb\|lion\|step\|sgd\)\>/
syntax match cnnFunction /\<\%(floor\|round\|ceil\|fit\|max\|min\)\>/
syntax match cnnSetting /\%(^\|[;{}]\)\s*\zs\%(class_weight\|early_stop\|validation\|optimizer\|precision\|quantize\|schedule\|augment\|classes\|measure\|metrics\|silence\|epochs\|target\|allow\|batch\|input\|model\|data\|loss\|runs\|seed\)\>/
syntax match cnnLayer /\%(^\|[;{}]\)\s*\zs\%(hard_sigmoid\|exponential\|leaky_relu\|hard_silu\|multiply\|residual\|sdropout\|softplus\|softsign\|upsample\|average\|avgpool\|dropout\|flatten\|maximum\|reshape\|sepconv\|shuffle\|sigmoid\|softmax\|concat\|dwconv\|linear\|resize\|dense\|noise\|prelu\|relu6\|slice\|tconv\|conv\|crop\|gelu\|mish\|pool\|relu\|selu\|silu\|tanh\|add\|elu\|gap\|gmp\|pad\|bn\|gn\|ln\)\>/
syntax match cnnKeyword /\%(^\|[;{}]\)\s*\zs\%(maximize\|minimize\|branch\|budget\|expect\|repeat\|block\|sweep\|train\|from\|let\|use\|in\)\>/
syntax match cnnKeyword /\<in\>/
syntax match cnnOption /\<\h\w*\ze\s*==\@!/
syntax match cnnNumber /\<\d[0-9_.]*\%([eE][+-]\?\d\+\)\?\%(KiB\|MiB\|kB\|MB\|k\|M\)\?/
syntax region cnnString start=/"/ end=/"/ oneline
syntax match cnnComment /#.*/
highlight default link cnnKeyword Statement
highlight default link cnnLayer Type
highlight default link cnnSetting Identifier
highlight default link cnnValue Constant
highlight default link cnnCall Function
highlight default link cnnFunction Function
highlight default link cnnOption Special
highlight default link cnnNumber Number
highlight default link cnnString String
highlight default link cnnComment Comment
let b:current_syntax = "cnn"
