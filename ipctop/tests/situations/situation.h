/* What all situations use: each is a program that gets stuck in one way, on purpose. */
#ifndef SITUATION_H
#define SITUATION_H

#include <sys/types.h>

/* A way to get stuck; it does not return. */
struct situation {
    const char *name;
    void (*run)(void);
};

extern const struct situation queue_situations[];
extern const struct situation posix_situations[];
extern const struct situation pipe_situations[];
extern const struct situation memory_situations[];
extern const struct situation lock_situations[];
extern const struct situation socket_situations[];
extern const struct situation process_situations[];
extern const struct situation other_situations[];

/* Ends the program with the error of a call unless its result is good. */
int check(int result, const char *call);

/* Ends the program, which cannot get into this situation here, and says why. */
void skip(const char *needs);

/* Starts a child that runs a function and ends; it dies with its parent. */
pid_t child(void (*run)(void));

/* As child, but it outlives its parent. */
pid_t free_child(void (*run)(void));

/* Waits until a child has ended. */
void await(pid_t pid);

/* Waits until a process sleeps, or is stopped: until its state is this letter. */
void await_state(pid_t pid, char state);

/* Stops a child, and waits until it is stopped. */
void stop(pid_t pid);

/* Tells the test that everything is as it should be stuck. */
void ready(void);

/* Says ready and sleeps for ever. */
void ready_and_pause(void);

/* Sleeps for ever. */
void sleep_for_ever(void);

#endif
