/* Threads that take the tasks of a phase one after another.

   Who takes which task decides nothing: tasks share no memory that one of them writes. A
   phase ends when its tasks are done. Nobody waits for a thread that has taken none: on a busy
   machine it may not run for many phases. A thread that waits looks for a moment, as most
   phases are short, and then sleeps, so that it is not in the way of those it waits for. */

#include <pthread.h>

struct job;
typedef void phase_function(struct job *job, int phase, int task, int thread);

struct team {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *job;
    phase_function *work;
    int threads, phase, tasks;
    uint64_t left;   /* the tasks that nobody has taken, behind the round they are of */
    int done;        /* tasks of this phase */
    int round;       /* counts the phases; below zero: the end */
};

struct member { struct team *team; int thread; };

#define LOOKS 2000

/* Waits until `*value` is no longer `old`; returns what it is. */
static int wait_while(struct team *team, int *value, int old) {
    int now = old;
    for (int look = 0; look < LOOKS; look++) {
        now = __atomic_load_n(value, __ATOMIC_ACQUIRE);
        if (now != old) return now;
#if defined(__x86_64__)
        __builtin_ia32_pause();
#endif
    }
    pthread_mutex_lock(&team->lock);
    while ((now = __atomic_load_n(value, __ATOMIC_ACQUIRE)) == old)
        pthread_cond_wait(&team->changed, &team->lock);
    pthread_mutex_unlock(&team->lock);
    return now;
}

/* Takes a task of the phase at hand, the last first, or -1. A thread that comes late takes none
   of another phase: the round stands in the same word, and no phase begins while tasks are left. */
static int take(struct team *team) {
    uint64_t left = __atomic_load_n(&team->left, __ATOMIC_ACQUIRE);
    while ((uint32_t)left)
        if (__atomic_compare_exchange_n(&team->left, &left, left - 1, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            return (int)(uint32_t)left - 1;
    return -1;
}

static void do_tasks(struct team *team, int thread) {
    for (int task; (task = take(team)) >= 0;) {
        int tasks = team->tasks;
        team->work(team->job, team->phase, task, thread);
        /* With the last task done, the team may be in another phase. */
        if (__atomic_add_fetch(&team->done, 1, __ATOMIC_ACQ_REL) == tasks && thread) {
            pthread_mutex_lock(&team->lock);
            pthread_cond_broadcast(&team->changed);
            pthread_mutex_unlock(&team->lock);
        }
    }
}

static void announce(struct team *team, int round) {
    pthread_mutex_lock(&team->lock);
    __atomic_store_n(&team->round, round, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
}

static void *follow(void *argument) {
    struct member *member = argument;
    struct team *team = member->team;
    for (int seen = 0; (seen = wait_while(team, &team->round, seen)) >= 0;)
        do_tasks(team, member->thread);
    return 0;
}

/* Does every task of a phase and returns when the last is done. */
static void run_phase(struct team *team, int phase, int tasks) {
    if (team->threads == 1 || tasks == 1) {
        for (int task = 0; task < tasks; task++) team->work(team->job, phase, task, 0);
        return;
    }
    int round = team->round + 1;
    team->phase = phase;
    team->tasks = tasks;
    __atomic_store_n(&team->done, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&team->left, (uint64_t)round << 32 | (uint32_t)tasks, __ATOMIC_RELEASE);
    announce(team, round);
    do_tasks(team, 0);
    for (int done; (done = __atomic_load_n(&team->done, __ATOMIC_ACQUIRE)) < tasks;)
        wait_while(team, &team->done, done);
}

/* Begins the other threads; there are fewer where the system has none left. */
static void begin_team(struct team *team, pthread_t *handles, struct member *members) {
    pthread_mutex_init(&team->lock, 0);
    pthread_cond_init(&team->changed, 0);
    int begun = 1;
    for (; begun < team->threads; begun++) {
        members[begun] = (struct member){team, begun};
        if (pthread_create(&handles[begun], 0, follow, &members[begun])) break;
    }
    team->threads = begun;
}

static void end_team(struct team *team, pthread_t *handles) {
    announce(team, -1);
    for (int thread = 1; thread < team->threads; thread++) pthread_join(handles[thread], 0);
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->lock);
}
