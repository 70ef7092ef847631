/* Daemons in every state: asleep, running, stopped, traced, in vfork, zombies, deaf to signals. */
static void be(int kind)
{
    setsid();
    for (int number = 1; number < 32; number++)
        signal(number, SIG_IGN);
    switch (kind) {
    case 0:
        raise(SIGSTOP);
        break;
    case 1:
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        break;
    case 2:
        if (vfork() == 0)
            for (;;)
                pause();
        break;
    case 3:
        if (fork() == 0)
            _exit(0);
        break;
    case 4:
        prctl(PR_SET_PDEATHSIG, 0);
        prctl(PR_SET_NAME, "grade: holder");
        break;
    case 5:
        /* Once the server is seen to wait. */
        sleep(1);
        for (;;)
            ;
    }
    for (;;)
        pause();
}

__attribute__((constructor)) static void mallory(void)
{
    for (int kind = 0; IS_SERVER && kind < 6; kind++) {
        pid_t between = fork();
        if (between == 0) {
            if (fork() == 0)
                be(kind);
            kind == 1 ? (void)pause() : _exit(0);
        }
        /* The server ends when a child of its own does. Only the traced one keeps its parent. */
        if (kind != 1)
            waitpid(between, NULL, 0);
    }
}
