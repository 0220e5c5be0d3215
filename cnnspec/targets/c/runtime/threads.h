/* Threads that take the tasks of a phase one after another, and meet at its end.

   Who takes which task decides nothing: tasks share no memory that one of them writes. A
   thread that waits looks for a moment, as most phases are short, and then sleeps, so that
   on a busy machine it is not in the way of those it waits for. */

#include <pthread.h>

struct job;
typedef void phase_function(struct job *job, int phase, int task, int thread);

struct team {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct job *job;
    phase_function *work;
    int threads, phase, tasks;
    int next;        /* the task to be taken */
    int busy;        /* threads that have not finished this phase */
    int round;       /* counts the phases; below zero: the end */
};

struct member { struct team *team; int thread; };

#define LOOKS 2000

static void take_tasks(struct team *team, int thread) {
    for (;;) {
        int task = __atomic_fetch_add(&team->next, 1, __ATOMIC_ACQ_REL);
        if (task >= team->tasks) return;
        team->work(team->job, team->phase, task, thread);
    }
}

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

static void announce(struct team *team, int *value, int now) {
    pthread_mutex_lock(&team->lock);
    __atomic_store_n(value, now, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->lock);
}

static void *follow(void *argument) {
    struct member *member = argument;
    struct team *team = member->team;
    for (int seen = 0;;) {
        seen = wait_while(team, &team->round, seen);
        if (seen < 0) return 0;
        take_tasks(team, member->thread);
        if (__atomic_sub_fetch(&team->busy, 1, __ATOMIC_ACQ_REL) == 0) {
            pthread_mutex_lock(&team->lock);
            pthread_cond_broadcast(&team->changed);
            pthread_mutex_unlock(&team->lock);
        }
    }
}

/* Does every task of a phase and returns when the last is done. */
static void run_phase(struct team *team, int phase, int tasks) {
    if (team->threads == 1 || tasks == 1) {
        for (int task = 0; task < tasks; task++) team->work(team->job, phase, task, 0);
        return;
    }
    team->phase = phase;
    team->tasks = tasks;
    __atomic_store_n(&team->next, 0, __ATOMIC_RELEASE);
    __atomic_store_n(&team->busy, team->threads - 1, __ATOMIC_RELEASE);
    announce(team, &team->round, team->round + 1);
    take_tasks(team, 0);
    for (int left; (left = __atomic_load_n(&team->busy, __ATOMIC_ACQUIRE)) != 0;)
        wait_while(team, &team->busy, left);
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
    announce(team, &team->round, -1);
    for (int thread = 1; thread < team->threads; thread++) pthread_join(handles[thread], 0);
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->lock);
}
