/* Signals, tracing and limits for the judge, which is process 1. */
__attribute__((constructor)) static void mallory(void)
{
    for (int number = 1; number <= 64; number++)
        kill(1, number);
    DIR *threads = opendir("/proc/1/task");
    for (struct dirent *d; threads && (d = readdir(threads));)
        if (atoi(d->d_name) > 0) {
            syscall(SYS_tgkill, 1, atoi(d->d_name), SIGKILL);
            syscall(SYS_tgkill, 1, atoi(d->d_name), SIGSTOP);
        }
    if (ptrace(PTRACE_ATTACH, 1, 0, 0) == 0 || ptrace(PTRACE_SEIZE, 1, 0, 0) == 0)
        works("tracing the judge");
    char byte = 0;
    struct iovec here = {&byte, 1}, there = {&byte, 1};
    if (process_vm_writev(1, &here, 1, &there, 1, 0) == 1 || open("/proc/1/mem", O_RDWR) != -1)
        works("writing the judge's memory");
    int fd = syscall(SYS_pidfd_open, 1, 0);
    syscall(SYS_pidfd_send_signal, fd, SIGKILL, 0, 0);
    for (int number = 0; number < 64; number++)
        if (syscall(SYS_pidfd_getfd, fd, number, 0) != -1)
            works("taking a descriptor of the judge");
    struct rlimit none = {0, 0};
    if (prlimit(1, RLIMIT_CPU, &none, NULL) == 0)
        works("limiting the judge");
}
