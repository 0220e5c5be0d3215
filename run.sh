# usage: run.sh DIR CC FLAGS names
D=$1; CC=$2; F=$3; shift 3
for n in ${@:-lenet5 budget grid_2 four_2 mobile_se preact_resnet inception dense_net quickstart mlp_64}; do
$CC -std=c99 $F -c $D/$n.c -o /tmp/sp/t/n.o && gcc -std=gnu99 -O2 -DNAME=$n -DHEADER="\"$D/$n.h\"" time.c /tmp/sp/t/n.o -o /tmp/sp/t/t_$n && taskset -c 1 /tmp/sp/t/t_$n 300
done
