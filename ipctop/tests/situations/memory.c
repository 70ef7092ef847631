/* Situations at shared memory, semaphores and mutexes. */
#define _GNU_SOURCE
#include "situation.h"

#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <unistd.h>

static int set;

static void semaphores(int count, int value) {
    set = check(semget(IPC_PRIVATE, count, 0600), "semget");
    for (int at = 0; at < count && value > 0; at++)
        check(semctl(set, at, SETVAL, value), "semctl");
}

static void take(int at) {
    struct sembuf operation = {.sem_num = at, .sem_op = -1};
    check(semop(set, &operation, 1), "semop");
}

static void take_first(void) { take(0); }

static void take_and_sleep(void) {
    take(0);
    sleep_for_ever();
}

static void holder_dead(void) {
    semaphores(1, 1);
    await(child(take_first));
    ready();
    take(0);
}

static void taken_twice(void) {
    semaphores(1, 1);
    take(0);
    ready();
    take(0);
}

static void never_set(void) {
    semaphores(1, 0);
    ready();
    take(0);
}

static void take_second_then_first(void) {
    take(1);
    while (semctl(set, 0, GETVAL) != 0)
        usleep(1000);
    take(0);
}

static void circle(void) {
    semaphores(2, 1);
    child(take_second_then_first);
    while (semctl(set, 1, GETVAL) != 0)
        usleep(1000);
    take(0);
    ready();
    take(1);
}

static pid_t holder(void) {
    semaphores(1, 1);
    pid_t pid = child(take_and_sleep);
    while (semctl(set, 0, GETVAL) != 0)
        usleep(1000);
    return pid;
}

static void holder_sleeps(void) {
    holder();
    ready();
    take(0);
}

static void holder_stopped(void) {
    stop(holder());
    ready();
    take(0);
}

static void set_left_over(void) {
    semaphores(1, 2);
    await(child(take_first));
    ready_and_pause();
}

static void make_segment(void) { check(shmget(IPC_PRIVATE, 4096, 0600), "shmget"); }

static void segment_left_over(void) {
    await(child(make_segment));
    ready_and_pause();
}

static sem_t *posix;

static void open_posix(void) {
    char name[64];
    snprintf(name, sizeof name, "/ipctop-%d", (int)getpid());
    posix = sem_open(name, O_CREAT, 0600, 0);
    check(posix == SEM_FAILED ? -1 : 0, "sem_open");
}

static void wait_posix(void) { sem_wait(posix); }

static void posix_alone(void) {
    open_posix();
    ready();
    sem_wait(posix);
}

static void posix_all(void) {
    open_posix();
    child(wait_posix);
    ready();
    sem_wait(posix);
}

/* In memory that children share. */
static pthread_mutex_t *first, *second;

static void mutexes(void) {
    size_t len = 2 * sizeof(pthread_mutex_t);
    first = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    check(first == MAP_FAILED ? -1 : 0, "mmap");
    second = first + 1;
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutex_init(first, &attributes);
    pthread_mutex_init(second, &attributes);
}

static void lock_first(void) { pthread_mutex_lock(first); }

static void lock_first_and_sleep(void) {
    pthread_mutex_lock(first);
    sleep_for_ever();
}

static void await_locked(pthread_mutex_t *mutex) {
    while (pthread_mutex_trylock(mutex) == 0) {
        pthread_mutex_unlock(mutex);
        usleep(1000);
    }
}

static void locked_twice(void) {
    mutexes();
    pthread_mutex_lock(first);
    ready();
    pthread_mutex_lock(first);
}

static void *second_then_first(void *unused) {
    pthread_mutex_lock(second);
    await_locked(first);
    pthread_mutex_lock(first);
    return unused;
}

static void two_orders(void) {
    pthread_t thread;
    mutexes();
    pthread_mutex_lock(first);
    pthread_create(&thread, NULL, second_then_first, NULL);
    await_locked(second);
    ready();
    pthread_mutex_lock(second);
}

static void owner_dead(void) {
    mutexes();
    await(child(lock_first));
    ready();
    pthread_mutex_lock(first);
}

static void owner_stopped(void) {
    mutexes();
    pid_t owner = child(lock_first_and_sleep);
    await_locked(first);
    stop(owner);
    ready();
    pthread_mutex_lock(first);
}

static void owner_sleeps(void) {
    mutexes();
    child(lock_first_and_sleep);
    await_locked(first);
    ready();
    pthread_mutex_lock(first);
}

static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;

static void *await_condition(void *unused) {
    pthread_mutex_lock(&guard);
    pthread_cond_wait(&condition, &guard);
    return unused;
}

static void nobody_signals(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, await_condition, NULL);
    ready();
    pthread_join(thread, NULL);
}

/* A barrier for three, and two come. */
static void come_to_barrier(void) {
    struct sembuf come = {0, -1, 0}, all_there = {0, 0, 0};
    check(semop(set, &come, 1), "semop");
    check(semop(set, &all_there, 1), "semop");
}

static void barrier_of_three(void) {
    set = check(semget(IPC_PRIVATE, 1, 0600), "semget");
    check(semctl(set, 0, SETVAL, 3), "semctl");
    child(come_to_barrier);
    pid_t last_one = child(come_to_barrier);
    ready();
    await(last_one);
}

const struct situation memory_situations[] = {
    {"semaphore-holder-dead", holder_dead},
    {"semaphore-taken-twice", taken_twice},
    {"semaphore-never-set", never_set},
    {"semaphore-barrier", barrier_of_three},
    {"semaphore-circle", circle},
    {"semaphore-holder-sleeps", holder_sleeps},
    {"semaphore-holder-stopped", holder_stopped},
    {"semaphore-left-over", set_left_over},
    {"segment-left-over", segment_left_over},
    {"posix-semaphore-alone", posix_alone},
    {"posix-semaphore-all", posix_all},
    {"mutex-locked-twice", locked_twice},
    {"mutex-two-orders", two_orders},
    {"mutex-owner-dead", owner_dead},
    {"mutex-owner-stopped", owner_stopped},
    {"mutex-owner-sleeps", owner_sleeps},
    {"nobody-signals", nobody_signals},
    {NULL, NULL},
};
