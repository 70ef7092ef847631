/* A log of 10^9 lines. Whoever writes it must be stopped; if it is not, nobody serves. */
__attribute__((constructor)) static void mallory(void)
{
    static char lines[1 << 20];
    if (!IS_SERVER)
        return;
    memset(lines, '\n', sizeof lines);
    pid_t writer = fork();
    if (writer == 0) {
        for (int n = 0; n < 400; n++)
            if (write(1, lines, sizeof lines) <= 0)
                _exit(0);
        _exit(66);
    }
    int status = 0;
    waitpid(writer, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 66)
        works("a log without end");
    /* It serves on, and says nothing. */
    (void)!freopen("/dev/null", "w", stdout);
}
