/* An epoch, or a piece of one: steps after each other, each in phases with all threads. */

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

/* Trains on `count` images and returns the steps done: all, or fewer where a loss was no
   longer a number. */
int32_t cnnspec_train(struct job *job) {
    struct team team;
    pthread_t handles[job->threads];
    struct member members[job->threads];
    begin(job, &team, train_phase);
    begin_team(&team, handles, members);
    int32_t done = 0;
    job->index = 0;
    for (job->at = 0; job->at < job->count; job->at += job->size, job->index++) {
        int64_t left = job->count - job->at;
        cut(job, left < job->batch ? (int)left : job->batch);
        for (int part = 0; part < PARTS; part++) job->loss[part] = 0;
        for (int phase = 0; phase < PHASES; phase++) run_phase(&team, phase, PARTS);
        double loss = 0;
        for (int part = 0; part < PARTS; part++) loss += job->loss[part];
        run_phase(&team, PHASES, SLICES);
        for (int s = 0; s < SLICES; s++) loss += job->by_slice[s];
        for (int more = 1; more < UPDATES; more++) {
            find_scales(job, more);
            run_phase(&team, PHASES + more, SLICES);
        }
        job->losses[job->index] = (float)loss;
        done++;
        if (!(loss - loss == 0)) break;
    }
    end_team(&team, handles);
    return done;
}

/* The outputs of `count` images, a batch of PARTS chunks at a time. With labels it returns
   the sum of their losses, penalties left out. */
double cnnspec_predict(struct job *job) {
    double loss = 0;
    struct team team;
    pthread_t handles[job->threads];
    struct member members[job->threads];
    begin(job, &team, predict_phase);
    begin_team(&team, handles, members);
    for (job->at = 0; job->at < job->count; job->at += job->size) {
        int64_t left = job->count - job->at, most = PARTS * CHUNK * LANES;
        cut(job, left < most ? (int)left : (int)most);
        for (int part = 0; part < PARTS; part++) job->loss[part] = 0;
        run_phase(&team, 0, PARTS);
        for (int part = 0; part < PARTS; part++) loss += job->loss[part] * job->size;
    }
    end_team(&team, handles);
    return loss;
}

/* So that Python and C agree on what a job is. */
int64_t cnnspec_job_size(void) { return sizeof(struct job); }
