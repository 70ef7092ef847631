/* Namespaces, mounts and roots of its own. */
__attribute__((constructor)) static void mallory(void)
{
    int kinds[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWIPC, CLONE_NEWNET,
                   CLONE_NEWUTS, CLONE_NEWCGROUP, CLONE_NEWUSER | CLONE_NEWNS};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (unshare(kinds[i]) == 0)
            works("unshare");
    const char *names[] = {"user", "mnt", "pid", "ipc", "net", "uts"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[64];
        snprintf(path, sizeof path, "/proc/1/ns/%s", names[i]);
        int fd = open(path, O_RDONLY);
        if (fd != -1 && setns(fd, 0) == 0)
            works("setns");
    }
    if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 ||
        mount("/", "/tmp", NULL, MS_BIND, NULL) == 0 ||
        mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND, NULL) == 0 ||
        umount2("/proc", MNT_DETACH) == 0)
        works("mount");
    if (chroot("/tmp") == 0 || syscall(SYS_pivot_root, ".", ".") == 0)
        works("another root");
}
