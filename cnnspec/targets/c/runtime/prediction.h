/* What a trained network says of images. */

/* The outputs of `count` images, a batch of PARTS chunks at a time. With labels it returns
   the sum of their losses, penalties left out. */
double cnnspec_predict(struct job *job) {
    double loss = 0;
    struct team team;
    pthread_t handles[job->threads];
    struct member members[job->threads];
#ifdef ROUNDED
    if (job->scales) round_weights(job);
#endif
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
