/* An epoch, or a piece of one: steps after each other, each in phases with all threads. */

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
#ifdef ROUNDED
        if (job->scales) round_weights(job);
#endif
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
