/* Where the parts of a batch lie in memory, and what of them is worked on at once. */

/* Cuts the blocks of a batch into parts, the same whatever the number of threads. */
static void cut(struct job *job, int size) {
    int blocks = (size + LANES - 1) / LANES;
    for (int part = 0; part < PARTS; part++) {
        int first = part * blocks / PARTS, end = (part + 1) * blocks / PARTS;
        int images = (end * LANES < size ? end * LANES : size) - first * LANES;
        job->first_block[part] = first;
        job->images[part] = images > 0 ? images : 0;
    }
    job->size = size;
}

static struct place place_of(struct job *job, int part, int thread) {
    V *arena = job->arenas + (int64_t)(ARENAS_BY_PART ? part : thread) * ARENA;
    return (struct place){
        .job = job,
        .block = arena,
        .scratch = arena + CHUNK * STRIDE,
        .prepared = (float *)(arena + CHUNK * STRIDE + SCRATCH),
        .weights = job->weights,
        .used = job->scales ? job->rounded : job->weights,
        .gradients = job->gradients + (int64_t)part * TRAINED,
        .shared = job->shared,
        .images = job->images,
        .order = job->order + job->at,
        .seed = job->seed,
        .step = (uint32_t)(job->step + job->index),
        .part = part,
        .number = job->first_block[part],
        .blocks = (job->images[part] + LANES - 1) / LANES,
        .count = job->images[part],
    };
}

/* The next blocks of a part that fit into its memory at once; nothing is left when 0. */
static int next_chunk(struct place *chunk, struct place *rest) {
    if (!rest->blocks) return 0;
    *chunk = *rest;
    if (chunk->blocks > CHUNK) {
        chunk->blocks = CHUNK;
        chunk->count = CHUNK * LANES;
    }
    rest->number += chunk->blocks;
    rest->blocks -= chunk->blocks;
    rest->count -= chunk->count;
    return 1;
}

static void begin(struct job *job, struct team *team, phase_function *work) {
    *team = (struct team){.job = job, .work = work, .threads = job->threads};
}
