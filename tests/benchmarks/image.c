/* Times NAME_run: for each number of images on standard input a line with the microseconds of
   processor time of one.
   Compiled with -DHEADER="net.h" -DRUN=net_run -DARENA=net_arena. */
#include HEADER

#include <stdio.h>
#include <time.h>

static ARENA arena;
static uint8_t pixels[1 << 16];

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(void) {
    for (unsigned n = 0; n < sizeof pixels; n++) pixels[n] = (uint8_t)(n * 2654435761u >> 13);
    int count;
    while (scanf("%d", &count) == 1) {
        for (int n = 0; n < 3; n++) RUN(&arena, pixels);
        const double before = seconds();
        for (int n = 0; n < count; n++) RUN(&arena, pixels);
        printf("%.4f\n", 1e6 * (seconds() - before) / count);
        fflush(stdout);
    }
    return 0;
}
